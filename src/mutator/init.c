#include "mutator/init.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "collect/collector.h"
#include "collect/pace.h"
#include "heap/fit.h"
#include "heap/heap.h"

enum start {
    NOT_STARTED,
    OPTIONS_READ,
    STARTED,
};

static enum start start PRIVATE_DATA;

static bool start_heap(void)
{
    if (start == NOT_STARTED) {
        options_read_environment();
        start = OPTIONS_READ;
        if (options.help)
            options_list();
    }
    if (start == STARTED)
        return true;
    struct heap *h = &process_heap;
    static const struct os_space *const spaces[] = {&os_mmap, &os_sbrk};
    static const struct fit *const fits[] = {&fit_first, &fit_best, &fit_next, &fit_buddy,
                                             &fit_adaptive};
    struct heap_config config = {
        .space = spaces[options.os],
        .fit = fits[options.fit],
        .reserve = options.reserve,
        .huge_from = options.huge_pages,
        .end_pointers = options.end_pointers,
        .sites = options.leaks || options.stacks,
    };
    if (!heap_create(h, &config))
        return false;
    if (!collector_create(h)) {
        heap_destroy(h);
        return false;
    }
    pace_configure(h);
    start = STARTED;
    return true;
}

static void refuse_thread(void)
{
    static bool said PRIVATE_DATA;
    if (!said)
        log_line(
            "thread %d: this release serves one thread, and that is %d; the call fails "
            "with ENOTSUP",
            gettid(), the_mutator.tid);
    said = true;
    errno = ENOTSUP;
}

bool init_thread(void)
{
    if (!thread_may_attach())
        return refuse_thread(), false;
    int saved_errno = errno;
    if (!start_heap())
        return false;
    struct cache *c = cache_create(&process_heap);
    if (!c)
        return false;
    thread_attach(c, !process_heap.sites);
    errno = saved_errno;
    return true;
}

void gc_init(void)
{
    thread_is_ready();
}

int gc_option_set(const char *key, const char *value)
{
    int error = options_set(key, value, start == STARTED);
    if (error)
        return errno = error, -1;
    if (start == STARTED)
        pace_configure(&process_heap);
    return 0;
}

/* With this priority it runs after the destructors of a program that it is linked into. */
__attribute__((destructor(101))) static void end(void)
{
    if (start == STARTED)
        report_at_exit();
}
