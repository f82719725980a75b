/* Reserving, committing and giving back, by the system calls that both backends share. */
#include "base/os.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/sys.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1; older C libraries have no name for it */
#endif

static struct {
    unsigned long calls;
    unsigned long fail_at; /* call number; 0: never */
    bool onwards;
} faults PRIVATE_DATA;

void os_fail(unsigned long nth, bool onwards)
{
    faults.fail_at = nth ? faults.calls + nth : 0;
    faults.onwards = onwards;
}

unsigned long os_calls(void)
{
    return faults.calls;
}

bool os_refused(void)
{
    unsigned long call = __atomic_add_fetch(&faults.calls, 1, __ATOMIC_RELAXED);
    if (faults.fail_at == 0 || call < faults.fail_at)
        return false;
    if (call > faults.fail_at && !faults.onwards)
        return false;
    errno = ENOMEM;
    return true;
}

/* It is asked for each hole, and the C library looks for its answer in a list of two hundred. */
size_t os_page_bytes(void)
{
    static size_t known PRIVATE_DATA;
    size_t bytes = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (UNLIKELY(bytes == 0)) {
        bytes = (size_t)sysconf(_SC_PAGESIZE);
        __atomic_store_n(&known, bytes, __ATOMIC_RELAXED);
    }
    return bytes;
}

size_t os_address_space_limit(void)
{
    return sys_limit(RLIMIT_AS, SIZE_MAX);
}

/* Returns false with errno ENOMEM, whatever the system calls it: a program that has
 * locked its memory is told EAGAIN, and one in a sandbox EPERM. */
static bool no_memory(void)
{
    errno = ENOMEM;
    return false;
}

static void *map(size_t bytes, int protection, int flags)
{
    if (os_refused())
        return NULL;
    void *p = sys_map(NULL, bytes, protection, flags);
    return p == MAP_FAILED ? (no_memory(), NULL) : p;
}

/* Whether reservations are left out of core files: not where a sandbox forbids to take that back.  Atomic. */
static bool leaves_out PRIVATE_DATA = true;

static bool set_dumped(void *address, size_t bytes, bool dumped)
{
    int saved_errno = errno;
    bool set = sys_advise(address, bytes, dumped ? MADV_DODUMP : MADV_DONTDUMP) == 0;
    errno = saved_errno;
    return set;
}

void os_leave_out(void *address, size_t bytes)
{
    if (!__atomic_load_n(&leaves_out, __ATOMIC_RELAXED))
        return;
    if (set_dumped(address, bytes, true))
        set_dumped(address, bytes, false);
    else
        __atomic_store_n(&leaves_out, false, __ATOMIC_RELAXED);
}

void os_put_in(void *address, size_t bytes)
{
    if (__atomic_load_n(&leaves_out, __ATOMIC_RELAXED))
        set_dumped(address, bytes, true);
}

void *os_reserve(size_t bytes, size_t alignment)
{
    size_t slack = alignment - OS_PAGE;
    if (bytes > SIZE_MAX - slack)
        return errno = ENOMEM, NULL;
    char *p = map(bytes + slack, PROT_NONE, MAP_NORESERVE);
    if (!p)
        return NULL;
    char *aligned = (char *)align_up((uintptr_t)p, alignment);
    size_t before = (size_t)(aligned - p);
    if (before)
        sys_unmap(p, before);
    if (slack - before)
        sys_unmap(aligned + bytes, slack - before);
    return aligned;
}

void os_release(void *address, size_t bytes)
{
    sys_unmap(address, bytes);
}

void os_unlock(void *address, size_t bytes)
{
    sys_unlock(address, bytes);
}

bool os_commit(void *address, size_t bytes)
{
    if (os_refused() || sys_protect(address, bytes, PROT_READ | PROT_WRITE) != 0)
        return no_memory();
    return true;
}

size_t os_decommit(void *address, size_t bytes)
{
    size_t page = os_page_bytes();
    uintptr_t low = align_up((uintptr_t)address, page);
    uintptr_t high = align_down((uintptr_t)address + bytes, page);
    if (low >= high || os_refused() ||
        sys_advise((void *)low, high - low, MADV_DONTNEED) != 0)
        return 0;
    return high - low;
}

/* Pages that the system is asked about at once: an answer has a byte for each, on a stack that
 * may have but a few KiB. */
enum { STATES_AT_ONCE = 128 };

/* Zeroes pages that are all there, or all not. */
static void zero_run(uintptr_t low, uintptr_t high, bool there)
{
    if (there || sys_advise((void *)low, high - low, MADV_DONTNEED) != 0)
        memset((void *)low, 0, high - low);
}

/* Zeroes whole pages, as many as `there` has bytes for at most. */
static void zero_pages(uintptr_t low, size_t count, size_t page, unsigned char *there)
{
    if (sys_in_core((void *)low, count * page, there) != 0)
        memset(there, 1, count);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && (there[end] & 1) == (there[i] & 1);)
            end++;
        zero_run(low + i * page, low + end * page, there[i] & 1);
    }
}

void os_zero(void *address, size_t bytes, bool give_back)
{
    unsigned char there[STATES_AT_ONCE];
    int saved_errno = errno;
    size_t page = os_page_bytes();
    uintptr_t start = (uintptr_t)address, end = start + bytes;
    uintptr_t low = min_size(align_up(start, page), end);
    uintptr_t high = max_size(align_down(end, page), low);
    memset(address, 0, low - start);
    if (give_back && low < high) {
        zero_run(low, high, false);
        low = high;
    }
    for (size_t count; low < high; low += count * page) {
        count = min_size((high - low) / page, sizeof there);
        zero_pages(low, count, page, there);
    }
    memset((void *)high, 0, end - high);
    errno = saved_errno;
}

/* By default the kernel refuses mappings that are larger than memory and swap space
 * together; it is worth asking only about those.  A limit of address space is told by
 * reserving already. */
bool os_can_promise(size_t bytes)
{
    struct sysinfo system;
    if (sysinfo(&system) != 0 || os_address_space_limit() != SIZE_MAX ||
        bytes / system.mem_unit <= system.totalram)
        return true;
    void *p = sys_map(NULL, bytes, PROT_READ | PROT_WRITE, 0);
    if (p == MAP_FAILED)
        return errno = ENOMEM, false;
    sys_unmap(p, bytes);
    return true;
}

void os_populate(void *address, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    int saved_errno = errno;
    sys_advise(address, bytes, MADV_POPULATE_WRITE);
    errno = saved_errno;
#else
    (void)address, (void)bytes;
#endif
}

bool os_has_huge_pages(void)
{
    char modes[64] = "";
    int saved_errno = errno;
    int fd = sys_open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);
    bool told = fd >= 0 && sys_read(fd, modes, sizeof modes - 1) > 0;
    if (fd >= 0)
        sys_close(fd);
    errno = saved_errno;
    return !told || !strstr(modes, "[never]");
}

void os_huge_pages(void *address, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    int saved_errno = errno;
    sys_advise(address, bytes, MADV_HUGEPAGE);
    errno = saved_errno;
#else
    (void)address, (void)bytes;
#endif
}

void os_small_pages(void *address, size_t bytes)
{
#ifdef MADV_NOHUGEPAGE
    int saved_errno = errno;
    uintptr_t low = align_down((uintptr_t)address, OS_HUGE_PAGE);
    uintptr_t high = align_up((uintptr_t)address + bytes, OS_HUGE_PAGE);
    sys_advise((void *)low, high - low, MADV_NOHUGEPAGE);
    errno = saved_errno;
#else
    (void)address, (void)bytes;
#endif
}

size_t os_resident(const void *address, size_t bytes)
{
    unsigned char there[STATES_AT_ONCE];
    size_t page = os_page_bytes(), count = bytes / page, resident = 0;
    int saved_errno = errno;
    for (size_t i = 0, part; i < count; i += part) {
        part = min_size(count - i, sizeof there);
        if (sys_in_core((char *)address + i * page, part * page, there) != 0) {
            resident = 0;
            break;
        }
        for (size_t k = 0; k < part; k++)
            resident += there[k] & 1;
    }
    errno = saved_errno;
    return resident * page;
}

void os_collapse(void *address, size_t bytes)
{
    int saved_errno = errno;
    uintptr_t low = align_up((uintptr_t)address, OS_HUGE_PAGE);
    uintptr_t high = align_down((uintptr_t)address + bytes, OS_HUGE_PAGE);
    for (; low < high; low += OS_HUGE_PAGE)
        if (os_resident((void *)low, OS_HUGE_PAGE) >= OS_HUGE_PAGE / 8)
            sys_advise((void *)low, OS_HUGE_PAGE, MADV_COLLAPSE);
    errno = saved_errno;
}

void *os_map(size_t bytes)
{
    return map(bytes, PROT_READ | PROT_WRITE, 0);
}

bool os_try_move(void *to, void *from, size_t bytes)
{
#ifdef MREMAP_DONTUNMAP
    int saved_errno = errno;
    bool moved = syscall(SYS_mremap, from, bytes, bytes,
                         MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) != -1;
    errno = saved_errno;
    return moved;
#else
    (void)to, (void)from, (void)bytes;
    return false;
#endif
}

bool os_move(void *to, void *from, size_t bytes)
{
    return !os_refused() && os_try_move(to, from, bytes);
}

size_t os_processors(void)
{
    cpu_set_t set;
    int saved_errno = errno;
    CPU_ZERO(&set); /* the kernel writes as much as it has processors */
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof set, &set);
    errno = saved_errno;
    return bytes > 0 ? (size_t)CPU_COUNT(&set) : 1;
}

static uint64_t time_by(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t os_now(void)
{
    return time_by(CLOCK_MONOTONIC);
}

uint64_t os_processor_time(void)
{
    return time_by(CLOCK_PROCESS_CPUTIME_ID);
}
