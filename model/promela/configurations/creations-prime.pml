/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#endif
#define CLOSES
#define CREATES
#define HANDLES
#define ODD_CREATIONS
#define ACCESS_MODES 2
#define CHECKS SIZE_AND_FLAGS
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#define NO_WRITE_ONLY
#include "../dmabuf.pml"
