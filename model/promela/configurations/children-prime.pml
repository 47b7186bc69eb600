/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define VMAS 1
#endif
#define CLOSES
#define HANDLES
#define GETS
#define PUTS
#define MMAPS
#define CHILDREN
#define CREATES
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#define NO_WRITE_ONLY
#include "../dmabuf.pml"
