/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 1
#define REFERENCES 2
#define VMAPS 3
#endif
#define CLOSES
#define GETS
#define PUTS
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#include "../dmabuf.pml"
