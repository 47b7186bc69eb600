/* SPDX-License-Identifier: MIT */
/* Smaller than the program's, which Spin cannot visit: it knows no symmetry. */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 2
#define REFERENCES 2
#define ATTACHMENTS 1
#define MAPPINGS 1
#define MESSAGES 1
#endif
#define DUPS
#define CLOSES
#define SENDS
#define RECEIVES
#define DISCARDS
#define GETS
#define PUTS
#define IMPORTS
#define EXPORTS
#define ALLOCATES_AT_EXPORT NO
#define CONSTRAINTS MIGRATES
#define TWO_DIRECTIONS 2
#include "../dmabuf.pml"
