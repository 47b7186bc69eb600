/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define VMAS 2
#define PAGES 3
#endif
#define CLOSES
#define MMAPS
#define RESHAPES
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define ACCESS_MODES 3
#include "../dmabuf.pml"
