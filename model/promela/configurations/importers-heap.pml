/* SPDX-License-Identifier: MIT */
#define BUFFERS 1
#define FDS 1
#define REFERENCES 2
#define ATTACHMENTS 2
#define MAPPINGS 2
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define CREATES
#define ALLOCATES_AT_EXPORT YES
#define ONE_MAP
#define PRIVATE_MMAP MAYBE
#include "../dmabuf.pml"
