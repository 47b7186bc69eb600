/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 2
#define REFERENCES 1
#define ATTACHMENTS 1
#define MAPPINGS 1
#define VMAS 1
#endif
#define CLOSES
#define GETS
#define PUTS
#define IMPORTS
#define MMAPS
#define CREATES
#define HANDLES
#define PRIMES
#define ACCESS_MODES 3
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#define CACHES YES
#include "../dmabuf.pml"
