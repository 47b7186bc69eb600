/* SPDX-License-Identifier: MIT */
#define BUFFERS 1
#define FDS 2
#define VMAS 2
#define CLOSES
#define MMAPS
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define ONE_MAP
#define PRIVATE_MMAP MAYBE
#include "../dmabuf.pml"
