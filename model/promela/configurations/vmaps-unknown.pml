/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define REFERENCES 2
#define VMAPS 2
#endif
#define CLOSES
#define GETS
#define PUTS
#define CREATES
#define ALLOCATES_AT_EXPORT MAYBE
#define HAS_VMAP MAYBE
#include "../dmabuf.pml"
