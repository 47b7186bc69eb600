/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define VMAS 2
#endif
#define CLOSES
#define MMAPS
#define RESHAPES
#define GROWING_PAST
#define CHILDREN
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define IGNORES_ACCESS
#define GROWTH YES
#include "../dmabuf.pml"
