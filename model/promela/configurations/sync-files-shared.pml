/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 2
#define FENCES 1
#define SYNC_FILES 1
#endif
#define CLOSES
#define POLLS
#define FENCE_USAGES ONLY_READ
#define SYNC_FILE_EXPORTS
#define SYNC_FILE_IMPORTS
#define IMPORT_AS ONLY_READ
#define SYNC_FILE_CLOSES
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#define IGNORES_ACCESS
#include "../dmabuf.pml"
