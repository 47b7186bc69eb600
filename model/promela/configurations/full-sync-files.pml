/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define FENCES 1
#define SYNC_FILES 2
#endif
#define FILLS
#define CLOSES
#define FENCE_USAGES ONLY_WRITE
#define SYNC_FILE_EXPORTS
#define MERGES
#define SYNC_FILE_CLOSES
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#define IGNORES_ACCESS
#include "../dmabuf.pml"
