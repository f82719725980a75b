/* A file in memory, from memfd_create. */
#include "base/os_share.h"

#include <errno.h>
#include <linux/falloc.h>
#include <linux/memfd.h>

#include "base/os.h"
#include "base/sys.h"

enum { STEP = 16 << 20 }; /* bytes by which the file grows */

int os_memory_file(void)
{
    enum { NEVER_EXECUTED = 8 /* MFD_NOEXEC_SEAL */ };
    int file = (int)syscall(SYS_memfd_create, "gcalloc", MFD_CLOEXEC | NEVER_EXECUTED);
    return file < 0 ? (int)syscall(SYS_memfd_create, "gcalloc", MFD_CLOEXEC) : file;
}

bool os_share_open(struct os_share *s)
{
    int file = os_refused() ? -1 : os_memory_file();
    *s = (struct os_share){.file.number = -1, .number = -1};
    if (file >= 0)
        descriptor_take(&s->file, descriptor_move_away(file));
    return os_share_begin(s);
}

bool os_share_begin(struct os_share *s)
{
    s->number = descriptor_number(&s->file);
    s->limit = sys_limit(RLIMIT_FSIZE, SIZE_MAX);
    return s->number >= 0;
}

/* A file beyond what the process may write is refused by a signal, so that the limit is asked for before. */
static bool grow(struct os_share *s, uint64_t end)
{
    if (s->limit < end)
        return errno = EFBIG, false;
    if (end <= s->bytes)
        return true;
    uint64_t bytes = min_size(align_up(end, STEP), s->limit);
    if (os_refused() || syscall(SYS_ftruncate, s->number, (long)bytes) != 0)
        return false;
    s->bytes = bytes;
    return true;
}

bool os_share_fill(struct os_share *s, uint64_t place, const void *from, size_t bytes)
{
    return s->number >= 0 && grow(s, place + bytes) && !os_refused() &&
           syscall(SYS_pwrite64, s->number, from, bytes, (long)place) == (long)bytes;
}

bool os_share_map(const struct os_share *s, uint64_t place, void *address, size_t bytes,
                  bool apart)
{
    int flags = apart ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED;
    return s->number >= 0 && !os_refused() &&
           sys_map_over(address, bytes, flags, s->number, place) == address;
}

bool os_share_unmap(void *address, size_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return !os_refused() && sys_map_over(address, bytes, flags, -1, 0) == address;
}

void os_share_drop_at(void *address, size_t bytes)
{
    syscall(SYS_madvise, address, bytes, MADV_REMOVE);
}

void os_share_drop(const struct os_share *s, uint64_t place, size_t bytes)
{
    if (s->number >= 0)
        syscall(SYS_fallocate, s->number, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                (long)place, (long)bytes);
}

void os_share_close(struct os_share *s)
{
    int file = descriptor_drop(&s->file);
    if (file >= 0)
        sys_close(file);
    *s = (struct os_share){.file.number = -1, .number = -1};
}
