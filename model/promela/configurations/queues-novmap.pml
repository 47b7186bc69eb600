/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define INDICES 2
#endif
#define CLOSES
#define EXPORTS
#define UNGUARDED
#define ALLOCATES_AT_EXPORT YES
#define HAS_VMAP NO
#include "../dmabuf.pml"
