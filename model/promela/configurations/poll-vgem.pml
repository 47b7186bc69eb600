/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define FENCES 3
#endif
#define CLOSES
#define POLLS
#define FENCE_USAGES BOTH
#define FENCE_ERRORS
#define REFUSES_CONFLICTS
#define CREATES
#define HANDLES
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#define NO_WRITE_ONLY
#include "../dmabuf.pml"
