/* SPDX-License-Identifier: MIT */
#define BUFFERS 1
#define FDS 1
#define REFERENCES 2
#define CLOSES
#define GETS
#define PUTS
#define SYNCS
#define KERNEL_CPU_ACCESS
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define UNGUARDED
#include "../dmabuf.pml"
