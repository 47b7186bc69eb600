/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#endif
#define CLOSES
#define CREATES
#define ODD_CREATIONS
#define ACCESS_MODES 2
#define ALLOCATES_AT_EXPORT MAYBE
#define ONE_MAP
#define PRIVATE_MMAP MAYBE
#include "../dmabuf.pml"
