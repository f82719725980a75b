/* The tests of regions in a world that means no good: what they have in common. */
#ifndef TESTS_REGION_HOSTILE_H
#define TESTS_REGION_HOSTILE_H

#include <check.h>
#include <gcalloc/region.h>
#include <stdbool.h>

#include "region/layout.h"
#include "support.h"

TCase *arguments_case(void);
TCase *files_case(void);
TCase *users_case(void);
TCase *misuse_case(void);

/* The path of a region's file. */
const char *path_of(const char *name);

/* What a child of a test does that has become this program again. */
int open_again(const char *name);

/* That the call failed with this error, and a sentence that has these words. */
void assert_refused(bool failed, int error, const char *words);

/* That each function says that this is no region. */
void assert_no_region(gc_region *none);

/* Makes a region of 16 MiB with a name of its own. */
gc_region *make_empty(const char **name);

/* Makes a region of 1 MiB with the root "list", which leads to a list of ten objects, and closes it. */
void make_small(const char *name);

/* The file of a closed region, to be changed; seal_file makes the sum good if it is asked to. */
struct file {
    struct region_header *header;
    struct region_parts parts;
    size_t bytes;
};
struct file map_file(const char *name);
void seal_file(struct file *f, bool sum);
void *file_at(const struct file *f, size_t offset);

/* What the table of members has when a process that lives has the region. */
void claim(struct file *f, int pid);

#endif
