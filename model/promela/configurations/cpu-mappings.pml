/* SPDX-License-Identifier: MIT */
#define BUFFERS 1
#define FDS 2
#define REFERENCES 1
#define VMAS 2
#define MESSAGES 1
#define CLOSES
#define SENDS
#define RECEIVES
#define MMAPS
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define ACCESS_MODES 1
#include "../dmabuf.pml"
