/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define ATTACHMENTS 1
#define MAPPINGS 1
#define FENCES 1
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define ONE_DEVICE
#define KERNEL_CPU_ACCESS
#define POLLS
#define FENCE_USAGES ALL
#define TIMELINES
#define FENCE_ERRORS
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#define CACHES YES
#include "../dmabuf.pml"
