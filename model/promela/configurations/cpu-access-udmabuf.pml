/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 2
#define REFERENCES 1
#endif
#define DUPS
#define CLOSES
#define GETS
#define PUTS
#define SYNCS
#define KERNEL_CPU_ACCESS
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#include "../dmabuf.pml"
