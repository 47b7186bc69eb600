/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 2
#define REFERENCES 1
#define ATTACHMENTS 2
#define MAPPINGS 2
#define VMAS 1
#endif
#define DUPS
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define MMAPS
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define CONSTRAINTS MIGRATES
#include "../dmabuf.pml"
