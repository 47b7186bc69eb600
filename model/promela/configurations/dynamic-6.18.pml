/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define ATTACHMENTS 2
#define MAPPINGS 1
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define DYNAMIC
#define EXPORTS
#define TWO_DIRECTIONS 2
#define ALLOCATES_AT_EXPORT NO
#define CONSTRAINTS MIGRATES
#define MOVES 1
#include "../dmabuf.pml"
