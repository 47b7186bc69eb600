/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 2
#define VMAS 1
#endif
#define DUPS
#define CLOSES
#define MMAPS
#define CHILDREN
#define CLOSE_ON_EXEC
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define IGNORES_ACCESS
#include "../dmabuf.pml"
