/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define VMAS 2
#endif
#define CLOSES
#define MMAPS
#define RESHAPES
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define ONE_MAP
#define PRIVATE_MMAP ONE_PAGE
#define ACCESS_MODES 3
#include "../dmabuf.pml"
