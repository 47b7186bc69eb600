/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 1
#define ATTACHMENTS 1
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define SYNCS
#define SEEKS
#define NAMES
#define EXPORTS
#define ALLOCATES_AT_EXPORT YES
#define NO_RENAME_WHILE_ATTACHED
#include "../dmabuf.pml"
