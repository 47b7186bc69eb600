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
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define CONSTRAINTS MIGRATES
#define MOVES 1
#define MAPS_AT_ATTACH 1
#define MOVE_NOTIFY 1
#define UNGUARDED
#include "../dmabuf.pml"
