/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 2
#define VMAS 1
#define MESSAGES 1
#endif
#define CLOSES
#define SENDS
#define RECEIVES
#define DISCARDS
#define MMAPS
#define CHILDREN
#define CLOSE_ON_EXEC
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define IGNORES_ACCESS
#include "../dmabuf.pml"
