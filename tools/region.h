/* What the commands of `gcalloc region` are given, and what they share. */
#ifndef GCALLOC_TOOLS_REGION_H
#define GCALLOC_TOOLS_REGION_H

#include <gcalloc/region.h>

#include "command.h"
#include "json.h"

struct request {
    const char *name;
    unsigned flags; /* GC_REGION_FILE, or 0 */
    bool json, contents, force;
    const char *svg; /* the file to draw into */
    unsigned width;  /* of a map, in characters; 0: that of the terminal */
};

/* Says what the library has found wrong with the request's last call, and what to do; returns FAILED. */
int fail_with(const struct request *q);

/* Opens the region to be read only; NULL, and it is said. */
gc_region *open_to_read(const struct request *q);

/* A word for the state, and for the kind of an object. */
const char *state_text(enum gc_region_state state);
const char *kind_text(bool atomic);

/* ---- The commands, each in the file of its name, or in few together ---- */

int region_ls(const struct request *q);      /* region_ls.c */
int region_stat(const struct request *q);    /* region_stat.c */
int region_check(const struct request *q);   /* region_change.c */
int region_collect(const struct request *q); /* region_change.c */
int region_rm(const struct request *q);      /* region_change.c */
int region_dump(const struct request *q);    /* region_dump.c */
int region_roots(const struct request *q);   /* region_dump.c */
int region_map(const struct request *q);     /* region_map.c */

/* ---- region_map.c, for what draws the map ---- */

/* A stretch of the heap, and how much of it objects take. */
struct stretch {
    size_t scanned, atomic; /* bytes */
};

struct map {
    struct gc_region_description region;
    size_t end;           /* offset up to which the region has grown */
    size_t stretch_bytes; /* of each */
    size_t count;
    size_t columns;
    struct stretch *stretches;
};

/* How full a stretch is, from 0 to 1. */
double stretch_fill(const struct map *m, size_t i);

int map_to_svg(const struct map *m, const struct request *q); /* region_svg.c */

#endif
