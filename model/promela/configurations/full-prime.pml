/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 2
#define VMAS 1
#endif
#define FILLS
#define CLOSES
#define MMAPS
#define CREATES
#define HANDLES
#define PRIMES
#define ODD_EXPORTS
#define ACCESS_MODES 3
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#include "../dmabuf.pml"
