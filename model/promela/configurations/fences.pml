/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define FENCES 2
#endif
#define CLOSES
#define SYNCS
#define POLLS
#define FENCE_USAGES ALL
#define TIMELINES
#define FENCE_ERRORS
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#define IGNORES_ACCESS
#include "../dmabuf.pml"
