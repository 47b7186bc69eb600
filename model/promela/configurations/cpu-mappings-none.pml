/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define VMAS 1
#endif
#define CLOSES
#define MMAPS
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#define NO_MMAP
#include "../dmabuf.pml"
