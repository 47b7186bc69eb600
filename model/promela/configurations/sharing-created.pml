/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 3
#define REFERENCES 1
#define MESSAGES 1
#endif
#define DUPS
#define CLOSES
#define SENDS
#define RECEIVES
#define DISCARDS
#define GETS
#define PUTS
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#include "../dmabuf.pml"
