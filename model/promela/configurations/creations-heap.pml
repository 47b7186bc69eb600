/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#endif
#define CLOSES
#define CREATES
#define ODD_CREATIONS
#define HEAP_FIELDS
#define ACCESS_MODES 2
#define CHECKS SIZE_AND_FLAGS
#define ALLOCATES_AT_EXPORT YES
#define ONE_MAP
#include "../dmabuf.pml"
