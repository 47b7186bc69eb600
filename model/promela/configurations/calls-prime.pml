/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#endif
#define CLOSES
#define SEEKS
#define CREATES
#define HANDLES
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#define NO_WRITE_ONLY
#define ACCESS_MODES 2
#include "../dmabuf.pml"
