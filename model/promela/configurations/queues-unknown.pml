/* SPDX-License-Identifier: MIT */
#ifndef BUFFERS
#define BUFFERS 1
#define FDS 1
#define INDICES 2
#endif
#define CLOSES
#define CREATES
#define UNGUARDED
#define ALLOCATES_AT_EXPORT MAYBE
#define ATTACHES
#define SCATTERED MAYBE
#define REFUSES_ATTACH MAYBE
#include "../dmabuf.pml"
