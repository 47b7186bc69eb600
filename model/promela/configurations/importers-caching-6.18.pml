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
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#include "../dmabuf.pml"
