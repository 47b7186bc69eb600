/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define MEMFDS 1
#endif
#define FILLS
#define CLOSES
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define IGNORES_ACCESS
#include "../dmabuf.pml"
