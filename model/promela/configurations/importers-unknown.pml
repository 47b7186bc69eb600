/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 2
#define ATTACHMENTS 2
#define MAPPINGS 2
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define CREATES
#define CACHES MAYBE
#define REFUSES_ATTACH MAYBE
#define ALLOCATES_AT_EXPORT MAYBE
#define ONE_MAP
#define PRIVATE_MMAP MAYBE
#include "../dmabuf.pml"
