/* SPDX-License-Identifier: MIT */
#define BUFFERS 2
#define FDS 2
#define REFERENCES 1
#define VMAS 2
#define MESSAGES 1
#define CLOSES
#define SENDS
#define RECEIVES
#define MMAPS
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#include "../dmabuf.pml"
