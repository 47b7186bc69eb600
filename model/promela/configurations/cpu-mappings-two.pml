/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 2
#define REFERENCES 1
#define VMAS 2
#define MESSAGES 1
#endif
#define CLOSES
#define SENDS
#define RECEIVES
#define MMAPS
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#include "../dmabuf.pml"
