/* SPDX-License-Identifier: MIT */
/* Spin cannot visit this size: it knows no symmetry. It follows walks there. */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 3
#define REFERENCES 3
#define ATTACHMENTS 2
#define MAPPINGS 2
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
