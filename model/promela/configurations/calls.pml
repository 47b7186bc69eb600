/* SPDX-License-Identifier: MIT */
#define BUFFERS 1
#define FDS 2
#define REFERENCES 1
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
