/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 2
#define REFERENCES 1
#define MESSAGES 1
#endif
#define FILLS
#define DUPS
#define CLOSES
#define SENDS
#define RECEIVES
#define DISCARDS
#define GETS
#define PUTS
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#include "../dmabuf.pml"
