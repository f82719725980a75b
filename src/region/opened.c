/* The regions that the process has open, and what went wrong with the last call. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/meta.h"
#include "base/sys.h"
#include "region/region.h"

gc_region *regions PRIVATE_DATA;
static pthread_mutex_t regions_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t opening_mutex = PTHREAD_MUTEX_INITIALIZER;

static __thread char error_text[300];

int region_fail(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error_text, sizeof error_text, format, arguments);
    va_end(arguments);
    errno = error;
    return -1;
}

const char *gc_region_error(void)
{
    return error_text;
}

void opening_lock(void)
{
    pthread_mutex_lock(&opening_mutex);
}

void opening_unlock(void)
{
    pthread_mutex_unlock(&opening_mutex);
}

void regions_lock(void)
{
    pthread_mutex_lock(&regions_mutex);
}

void regions_unlock(void)
{
    pthread_mutex_unlock(&regions_mutex);
}

bool region_is_open(const gc_region *r)
{
    if (LIKELY(r && r->handle == REGION_HANDLE))
        return true;
    return region_fail(EINVAL, "this is no region that is open") == 0;
}

static gc_region *closed PRIVATE_DATA; /* under the lock */

gc_region *opened_new(void)
{
    regions_lock();
    gc_region *r = closed;
    if (r)
        closed = r->next;
    regions_unlock();
    if (!r)
        return meta_alloc(ACCOUNT_REGIONS, sizeof *r);
    memset(r, 0, sizeof *r);
    return r;
}

void opened_keep(gc_region *r)
{
    r->handle = 0;
    regions_lock();
    r->next = closed;
    closed = r;
    regions_unlock();
}

void opened_add(gc_region *r)
{
    regions_lock();
    r->next = regions;
    regions = r;
    regions_unlock();
}

void opened_remove(gc_region *r)
{
    regions_lock();
    gc_region **place = &regions;
    while (*place && *place != r)
        place = &(*place)->next;
    if (*place)
        *place = r->next;
    regions_unlock();
}

gc_region *opened_around(const void *address)
{
    gc_region *r = regions;
    while (r && (uintptr_t)address - r->space.start >= r->constant.bytes)
        r = r->next;
    return r;
}

gc_region *opened_find(int file, bool read_only)
{
    struct stat found;
    if (sys_stat_at(file, "", &found, AT_EMPTY_PATH) != 0)
        return NULL;
    regions_lock();
    gc_region *r = regions;
    while (r && (r->device != found.st_dev || r->inode != found.st_ino ||
                 r->read_only != read_only))
        r = r->next;
    if (r)
        r->opened++;
    regions_unlock();
    return r;
}
