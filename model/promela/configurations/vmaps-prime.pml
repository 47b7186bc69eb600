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
#define HANDLES
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#define NO_WRITE_ONLY
#include "../dmabuf.pml"
