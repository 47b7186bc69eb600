/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 2
#define INDICES 2
#endif
#define CLOSES
#define CREATES
#define UNGUARDED
#define ALLOCATES_AT_EXPORT YES
#define IGNORES_ACCESS
#define ATTACHES
#define SCATTERED YES
#include "../dmabuf.pml"
