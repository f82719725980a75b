/* Regions in a world that means no good: files that are none, or damaged, or changed to do harm; systems
 * that refuse; programs that use them wrongly. */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"

const char *path_of(const char *name)
{
    static char path[80];
    snprintf(path, sizeof path, "/dev/shm%s", name);
    return path;
}

void assert_refused(bool failed, int error, const char *words)
{
    int had = errno;
    ck_assert(failed);
    ck_assert_msg(had == error, "errno is %d: %s", had, gc_region_error());
    ck_assert_msg(strstr(gc_region_error(), words), "%s", gc_region_error());
}

static void make_list(void *name)
{
    gc_region *r = gc_region_create(name, 1 << 20, 0, 0);
    ENSURE(r && gc_region_begin(r) == 0);
    void **list = NULL;
    for (int i = 0; i < 10; i++) {
        void **o = gc_region_alloc(r, 32);
        ENSURE(o);
        *o = list, list = o;
        /* The last bytes of a block belong to no slot of it. */
        o[1] = gc_region_alloc(r, (size_t)(i + 3) * 48);
        ENSURE(o[1]);
        o[2] = (void *)((uintptr_t)o[1] | 0xfff8);
    }
    ENSURE(gc_region_root_set(r, "list", list) == 0);
    ENSURE(gc_region_end(r) == 0 && gc_region_close(r) == 0);
}

void make_small(const char *name)
{
    ck_assert_int_eq(in_child(make_list, (void *)(uintptr_t)name), 0);
}

struct file map_file(const char *name)
{
    struct stat found;
    int file = open(path_of(name), O_RDWR | O_CLOEXEC);
    ck_assert(file >= 0 && fstat(file, &found) == 0);
    struct file f = {.bytes = (size_t)found.st_size};
    f.header = mmap(NULL, f.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(f.header, MAP_FAILED);
    f.parts = region_parts((size_t)(f.header->constant.units - 1) << 16);
    close(file);
    return f;
}

void seal_file(struct file *f, bool sum)
{
    if (sum)
        f->header->constant.sum = region_sum(&f->header->constant);
    munmap(f->header, f->bytes);
}

void *file_at(const struct file *f, size_t offset)
{
    return (char *)f->header + offset;
}

void claim(struct file *f, int pid)
{
    struct stat found;
    struct region_member *m = file_at(f, f->parts.members);
    ck_assert_int_eq(stat("/proc/self/ns/pid", &found), 0);
    *m = (struct region_member){.pid = (uint32_t)pid, .space = found.st_ino};
}

gc_region *make_empty(const char **name)
{
    *name = fresh_name();
    gc_region *r = gc_region_create(*name, 16 << 20, 0, 0);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
    return r;
}

static TCase *(*const cases[])(void) = {arguments_case, files_case, users_case,
                                        misuse_case};

int main(void)
{
    if (getenv("HOSTILE_AGAIN"))
        return open_again(getenv("HOSTILE_AGAIN"));
    setenv("GCALLOC_OPTIONS", "region_wait=50", 1);
    return run_cases("hostile", cases, sizeof cases / sizeof cases[0], 300);
}
