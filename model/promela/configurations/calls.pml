/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 2
#define REFERENCES 1
#endif
#define DUPS
#define CLOSES
#define GETS
#define PUTS
#define SYNCS
#define SEEKS
#define NAMES
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#include "../dmabuf.pml"
