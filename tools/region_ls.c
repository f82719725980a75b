/* gcalloc region ls. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "region.h"

#define FOLDER "/dev/shm"

static void print_json(const char *name, const struct gc_region_description *d)
{
    json_object(NULL);
    json_string("name", name);
    json_string("state", state_text(d->state));
    json_number("bytes", d->bytes);
    if (d->state != GC_REGION_OTHER_VERSION) {
        json_number("limit", d->limit);
        json_number("processes", d->processes);
    }
    json_end_object();
}

static void print_text(const char *name, const struct gc_region_description *d)
{
    printf("%12s %12s %10u  %-16s ", size_text(d->bytes).text, size_text(d->limit).text,
           d->processes, state_text(d->state));
    print_safely(name);
    putchar('\n');
}

/* What is no region, or cannot be read, is passed over. */
static void list_one(const struct request *q, const char *entry)
{
    char name[NAME_MAX + 2];
    struct gc_region_description d;
    snprintf(name, sizeof name, "/%s", entry);
    if (*entry == '.' || gc_region_describe(name, 0, &d) != 0)
        return;
    if (q->json)
        print_json(name, &d);
    else
        print_text(name, &d);
}

int region_ls(const struct request *q)
{
    struct dirent **entries;
    int count = scandir(FOLDER, &entries, NULL, alphasort);
    if (count < 0)
        return fail(FAILED, FOLDER ": %s (that is where shared memory is found)",
                    strerror(errno));
    if (q->json)
        json_array(NULL);
    else
        printf("%12s %12s %10s  %-16s %s\n", "SIZE", "LIMIT", "PROCESSES", "STATE",
               "NAME");
    for (int i = 0; i < count; i++) {
        list_one(q, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (q->json)
        json_end_array();
    return DONE;
}
