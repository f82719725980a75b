/* The places in a running program that allocate, by its recording, which `gcalloc profile` has it write. */
#ifndef GCALLOC_TOOLS_TOP_SITES_H
#define GCALLOC_TOOLS_TOP_SITES_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "follow.h"
#include "sites.h"

/* What places are sorted by. */
enum site_key { BY_RATE, BY_LIVE, BY_OBJECTS, BY_ALLOCATED, BY_TEMPORARY, SITE_KEYS };

/* The key that is named; SITE_KEYS: it is none. */
enum site_key site_key(const char *name);

struct top_sites {
    pid_t process;
    unsigned recordings; /* until now: texts of the last one's places are gone */
    bool recorded;       /* otherwise nothing of the following is there */
    struct follower follower;
    struct symbolizer *symbolizer;
    struct use *before; /* of each stack, when it was looked last */
    size_t before_count;
    double looked,
        seconds; /* when that was, and how long after the time before; 0: there was none */
    struct sites sites; /* sorted */
    enum site_key by;
};

void top_sites_begin(struct top_sites *t, pid_t process, enum site_key by);
void top_sites_look(struct top_sites *t);
void top_sites_sort(struct top_sites *t, enum site_key by);
void top_sites_end(struct top_sites *t);

/* Texts of a line, in a buffer of the caller's: what stands above the columns, the figures, and the place. */
enum { SITE_TEXT = 256 };
void top_sites_title(enum site_key column, char text[SITE_TEXT]);
void top_sites_figure(const struct top_sites *t, const struct site *s,
                      enum site_key column, char text[SITE_TEXT]);
void top_sites_place(const struct site *s, char text[SITE_TEXT]);

/* The first of them as lines of a table. */
void top_sites_print(const struct top_sites *t, unsigned long most);

#endif
