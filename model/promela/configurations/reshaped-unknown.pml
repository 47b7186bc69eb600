/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define VMAS 1
#endif
#define CLOSES
#define MMAPS
#define RESHAPES
#define CREATES
#define ALLOCATES_AT_EXPORT MAYBE
#define ONE_MAP
#define PRIVATE_MMAP MAYBE
#define GROWTH MAYBE
#include "../dmabuf.pml"
