/* SPDX-License-Identifier: MIT
 * Included into pan: what is told beside the search, and a walk that the search can be held to.
 *
 *   always        at the end "refusals N": how many of the steps taken were refusals
 *   EDGES=FILE    every step as "state label state", a line each, separated by tabs. A state is what pan stores of it,
 *                 in hexadecimal.
 *   FOLLOW=FILE   only the steps that the lines of FILE name, one after the other; at the end "followed N of M"
 *
 * Macros where the state is needed: it is declared further down in pan.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long refusals;
static FILE *edge_file;
static char edge_from[8192];
static char edge_to[8192];
static char *walk[65536]; /* its lines */
static int walk_length;
static int walk_furthest;
static int walking;

static void tell(void) {
  printf("refusals %lu\n", refusals);
  if (walking) printf("followed %d of %d\n", walk_furthest, walk_length);
  fflush(stdout);
}

static FILE *opened(const char *variable, const char *mode) {
  FILE *file = NULL;
  if (getenv(variable) != NULL && (file = fopen(getenv(variable), mode)) == NULL) {
    fprintf(stderr, "pan: %s names no file that can be opened\n", variable);
    exit(3);
  }
  return file;
}

__attribute__((constructor)) static void begin(void) {
  FILE *file = opened("FOLLOW", "r");
  char line[512];
  edge_file = opened("EDGES", "w");
  if (file != NULL) {
    walking = 1;
    while (walk_length < 65536 && fgets(line, sizeof line, file) != NULL) {
      char *c;
      line[strcspn(line, "\n")] = 0;
      for (c = line; *c != 0; c++)
        if (*c == '"') *c = '\''; /* Spin cannot quote a quote */
      if (line[0] != 0) walk[walk_length++] = strdup(line);
    }
    fclose(file);
  }
  atexit(tell);
}

static int named(const char *label, int at) {
  return !walking || (at < walk_length && strcmp(walk[at], label) == 0);
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
#define before()                                \
  do {                                          \
    if (edge_file != NULL) EDGE_STATE(edge_from); \
  } while (0)
#define after(label)                                                  \
  do {                                                                \
    if (edge_file != NULL) {                                          \
      EDGE_STATE(edge_to);                                            \
      fprintf(edge_file, "%s\t%s\t%s\n", edge_from, label, edge_to);  \
    }                                                                 \
    if (walking && ++now.at > walk_furthest) walk_furthest = now.at;  \
  } while (0)
#define refused(label) \
  do {                 \
    refusals++;        \
    after(label);      \
  } while (0)
