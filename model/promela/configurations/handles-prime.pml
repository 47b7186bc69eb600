/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 2
#define FDS 2
#define REFERENCES 1
#define MESSAGES 1
#endif
#define DUPS
#define CLOSES
#define SENDS
#define RECEIVES
#define CREATES
#define HANDLES
#define PRIMES
#define ODD_EXPORTS
#define OWN_REFERENCES 2
#define ALLOCATES_AT_EXPORT NO
#define NO_WRITE_ONLY
#include "../dmabuf.pml"
