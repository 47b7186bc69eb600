/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define ATTACHMENTS 3
#define MAPPINGS 4
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define DEVICE_ACCESS
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#define TWO_DIRECTIONS 1
#include "../dmabuf.pml"
