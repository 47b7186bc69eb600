/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define INDICES 2
#endif
#define CLOSES
#define CREATES
#define UNGUARDED
#define ALLOCATES_AT_EXPORT YES
#define IGNORES_ACCESS
#define LEAST 2
#include "../dmabuf.pml"
