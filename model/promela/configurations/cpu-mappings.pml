/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 2
#define REFERENCES 1
#define VMAS 2
#define MESSAGES 1
#endif
#define CLOSES
#define SENDS
#define RECEIVES
#define MMAPS
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define ACCESS_MODES 1
#include "../dmabuf.pml"
