#include "report/live/stat.h"

#include <gcalloc/memory.h>
#include <stdio.h>

#include "base/os.h"
#include "base/proc.h"

static void add(struct answer_text *a, const char *part, const char *name, uint64_t n)
{
    answer_print(a, "%s %s %llu\n", part, name, (unsigned long long)n);
}

/* /proc/self/statm is in pages: all that is mapped, then what is in memory. */
static void add_process(struct answer_text *a)
{
    char text[128];
    unsigned long long mapped, resident;
    if (proc_read("thread-self/statm", text, sizeof text) < 0 ||
        sscanf(text, "%llu %llu", &mapped, &resident) != 2)
        return;
    add(a, "process", "mapped_bytes", mapped * os_page_bytes());
    add(a, "process", "resident_bytes", resident * os_page_bytes());
}

bool stat_answer(const char *argument, struct answer_text *a)
{
    struct gc_stats s = {.size = sizeof s};
    struct gc_memory m = {.size = sizeof m};
    (void)argument;
    add(a, "process", "time_ns", os_now());
    add_process(a);
    gc_stats_get(&s);
#define ADD_STATISTIC(name, meaning) add(a, "statistics", #name, s.name);
    GC_STATS_FIELDS(ADD_STATISTIC)
#undef ADD_STATISTIC
    if (gc_stats_memory(&m) != 0)
        return true;
#define ADD_MEMORY(name, meaning) add(a, "memory", #name, m.name);
    GC_MEMORY_FIELDS(ADD_MEMORY)
#undef ADD_MEMORY
    return true;
}
