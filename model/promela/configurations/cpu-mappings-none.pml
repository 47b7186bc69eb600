/* SPDX-License-Identifier: MIT */
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define VMAS 1
#define CLOSES
#define MMAPS
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#define NO_MMAP
#include "../dmabuf.pml"
