/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define FENCES 1
#define SYNC_FILES 1
#endif
#define CLOSES
#define POLLS
#define FENCE_USAGES ONLY_WRITE
#define SYNC_FILE_EXPORTS
#define SYNC_FILE_IMPORTS
#define NO_SYNC_FILE
#define NO_POLL_REFERENCE
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#define IGNORES_ACCESS
#include "../dmabuf.pml"
