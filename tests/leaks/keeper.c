/* A library that is loaded and unloaded again, with an object in its static data. */
#include "keeper.h"

extern const struct keeper keeper;

static void *volatile kept;

static void *allocate_here(void *(*allocate)(unsigned long size), unsigned long size)
{
    void *volatile p = allocate(size);
    return p;
}

static void keep(void *p)
{
    kept = p;
}

const struct keeper keeper = {allocate_here, keep};
