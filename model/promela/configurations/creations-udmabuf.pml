/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#endif
#define CLOSES
#define CREATES
#define ODD_CREATIONS
#define ACCESS_MODES 2
#define CHECKS SIZE
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#define IGNORES_ACCESS
#include "../dmabuf.pml"
