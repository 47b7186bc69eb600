/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define ATTACHMENTS 1
#define MAPPINGS 1
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define DYNAMIC
#define CREATES
#define CACHES MAYBE
#define REFUSES_ATTACH MAYBE
#define ALLOCATES_AT_EXPORT MAYBE
#define ONE_MAP
#define PRIVATE_MMAP MAYBE
#define MAPS_AT_ATTACH 1
#define MOVE_NOTIFY 1
#include "../dmabuf.pml"
