/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 2
#define VMAPS 2
#define ATTACHMENTS 2
#define MAPPINGS 1
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define CONSTRAINTS MIGRATES
#include "../dmabuf.pml"
