/* SPDX-License-Identifier: MIT
 * Included into pan by -DEDGES: writes every step to $EDGES as "state label state", a line each, separated by tabs.
 * A state is what pan stores of it, in hexadecimal. Macros, because the state is declared further down in pan.c. */
#include <stdio.h>
#include <stdlib.h>

static FILE *edge_file;
static char edge_from[8192];
static char edge_to[8192];

static FILE *edges(void) {
  if (edge_file == NULL) {
    const char *name = getenv("EDGES");
    edge_file = name != NULL ? fopen(name, "w") : NULL;
    if (edge_file == NULL) {
      fputs("pan: EDGES names no file that can be written\n", stderr);
      exit(3);
    }
  }
  return edge_file;
}

#define EDGE_STATE(out)                                      \
  do {                                                       \
    char *to_ = (out);                                       \
    unsigned i_; /* no "continue": pan makes it a macro */   \
    for (i_ = 0; i_ < (unsigned)vsize; i_++) {               \
      unsigned char byte_ = ((unsigned char *)&now)[i_];     \
      if (!Mask[i_]) {                                       \
        *to_++ = "0123456789abcdef"[byte_ >> 4];             \
        *to_++ = "0123456789abcdef"[byte_ & 15];             \
      }                                                      \
    }                                                        \
    *to_ = 0;                                                \
  } while (0)
#define edge_before() EDGE_STATE(edge_from)
#define edge_after(label)                                          \
  do {                                                             \
    EDGE_STATE(edge_to);                                           \
    fprintf(edges(), "%s\t%s\t%s\n", edge_from, label, edge_to);   \
  } while (0)
