/* What a region says of itself: to those who have not opened it, from the first pages of its file, and who
 * has it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/sys.h"
#include "region/region.h"

enum { AT_ONCE = 64 /* members read from a file at once */ };

/* ---- From its file --------------------------------------------------------------------------------- */

static bool read_at(int file, void *to, size_t bytes, size_t offset)
{
    return syscall(SYS_pread64, file, to, bytes, (long)offset) == (long)bytes;
}

/* Counts the processes that live, and those that died with the region. */
static void count_members(int file, const struct region_constants *c, unsigned *live,
                          unsigned *dead)
{
    struct region_parts p = region_parts((c->units - 1) << UNIT_SHIFT);
    struct region_member members[AT_ONCE];
    for (size_t i = 0; i < REGION_MEMBERS; i += AT_ONCE) {
        if (!read_at(file, members, sizeof members, p.members + i * sizeof *members))
            return;
        for (unsigned k = 0; k < AT_ONCE; k++) {
            bool there = members[k].pid != 0, gone = region_member_is_dead(&members[k]);
            *dead += there && gone;
            *live += there && !gone;
        }
    }
}

static enum gc_region_state state_of(const struct region_header *h, bool anybody_died)
{
    if (h->stage == REGION_DAMAGED)
        return GC_REGION_DAMAGED;
    if (h->stage != REGION_WHOLE)
        return GC_REGION_UNMADE;
    return h->suspect || anybody_died ? GC_REGION_SUSPECT : GC_REGION_SOUND;
}

static void describe(int file, const struct region_header *h,
                     struct gc_region_description *d)
{
    unsigned live = 0, dead = 0;
    count_members(file, &h->constant, &live, &dead);
    bool now = region_is_of_now(h);
    *d = (struct gc_region_description){
        .state = state_of(h, dead || (!now && live)),
        .file = h->constant.file,
        .address = h->constant.address,
        .objects = h->constant.first_unit,
        .limit = (size_t)(h->constant.units - 1) << UNIT_SHIFT,
        .processes = now ? live : 0,
    };
}

/* One of another version has a first page of which nothing is known but that. */
static int describe_file(int file, const char *name, struct gc_region_description *d)
{
    struct stat found;
    struct region_header h = {0};
    if (sys_stat_at(file, "", &found, AT_EMPTY_PATH) != 0)
        return region_fail(errno, "%s: %s", name, strerror(errno));
    if (!S_ISREG(found.st_mode) || !read_at(file, &h, sizeof h, 0))
        return region_fail(EBADMSG, "%s: it is no region", name);
    const char *fault = region_fault(&h.constant, (uint64_t)found.st_size);
    if (!fault)
        describe(file, &h, d);
    else if (region_is_others(&h.constant))
        *d = (struct gc_region_description){.state = GC_REGION_OTHER_VERSION};
    else
        return region_fail(EBADMSG, "%s: %s", name, fault);
    d->bytes = (size_t)found.st_blocks * 512;
    return 0;
}

int gc_region_describe(const char *name, unsigned flags, struct gc_region_description *d)
{
    if (flags & ~GC_REGION_FILE)
        return region_fail(EINVAL, "gc_region_describe has the flag GC_REGION_FILE");
    if (!region_is_given(d, "gc_region_describe: description"))
        return -1;
    int file = region_open_file(name, flags, O_RDONLY, 0);
    if (file < 0)
        return -1;
    int result = describe_file(file, name, d);
    sys_close(file);
    return result;
}

/* ---- Who has it ------------------------------------------------------------------------------------- */

int gc_region_process_list(gc_region *r,
                           int (*visit)(const struct gc_region_process *process,
                                        void *data),
                           void *data)
{
    if (!region_is_open(r) || !region_is_given(visit, "gc_region_process_list: visit"))
        return -1;
    bool now = region_is_of_now(r->header);
    for (uint32_t i = 0; i < REGION_MEMBERS; i++) {
        uint32_t pid = __atomic_load_n(&r->members[i].pid, __ATOMIC_ACQUIRE);
        if (!pid)
            continue;
        struct gc_region_process process = {
            .pid = (pid_t)pid,
            .threads = region_count_threads(r, i),
            .holds = region_count_holds(r, i),
            .dead = !now || region_member_is_dead(&r->members[i]),
        };
        int result = visit(&process, data);
        if (result)
            return result;
    }
    return 0;
}
