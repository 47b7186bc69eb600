/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define ATTACHMENTS 1
#define MAPPINGS 1
#define VMAS 1
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define MMAPS
#define CHILDREN
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define CONSTRAINTS MIGRATES
#include "../dmabuf.pml"
