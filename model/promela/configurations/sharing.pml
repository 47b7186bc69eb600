/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 3
#define REFERENCES 2
#define MESSAGES 1
#endif
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
