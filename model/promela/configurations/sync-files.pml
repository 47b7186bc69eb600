/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define FENCES 2
#define SYNC_FILES 1
#endif
#define CLOSES
#define SYNCS
#define POLLS
#define FENCE_USAGES ONLY_READ
#define FENCE_ERRORS
#define SYNC_FILE_EXPORTS
#define SYNC_FILE_IMPORTS
#define IMPORT_AS ONLY_WRITE
#define FILE_INFOS
#define SYNC_FILE_POLLS
#define SYNC_FILE_CLOSES
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define END_NEEDS_BEGIN
#define IGNORES_ACCESS
#include "../dmabuf.pml"
