/* Writes records.  What they are told of is told once: stacks, modules, the present thread, the last address. */
#include "profile/record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/critical.h"
#include "base/lock.h"
#include "base/options.h"
#include "base/os.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/table.h"
#include "collect/collector.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "profile/stream.h"
#include "trace/capture.h"
#include "trace/depot.h"
#include "trace/modules.h"
#include "world/registry.h"
#include "world/self.h"

enum {
    TEXT_BYTES = 4096,
    TIME_LEAST = 10,  /* milliseconds between two of its records, at first */
    TIME_PARTS = 500, /* later, this part of the time that has passed */
    MODULES_MOST = UINT16_MAX + 1,
};

/* A stack that was recorded. */
struct known_stack {
    uintptr_t depot; /* its number there, times 8 */
    uint32_t next, number;
};

/* All is under the lock, but `mine`. */
static struct {
    struct lock lock;
    /* A page that is 1, and 0 in the child of a fork. */
    volatile uint8_t *mine;
    uintptr_t last; /* address that was told */
    pid_t thread;   /* that was told */
    uint32_t stack_count;
    struct table stacks;
    uint8_t modules[MODULES_MOST / 8];       /* a bit for each that is known */
    uint32_t type;                           /* that was told; 0: none */
    uint8_t types[RECORDING_TYPES_MOST / 8]; /* a bit for each that is known */
    uint64_t began, told;         /* os_now; of the beginning, and of the last time */
    uint64_t collections, pauses; /* by then */
    bool is_timeless;             /* the program has come to its end */
    int saved_errno;
    long coarse; /* nanoseconds of the coarse clock when the other one was asked last */
    char text[TEXT_BYTES]; /* for paths, as the stack may be a small one */
} record PRIVATE_DATA = {
    .stacks = {.account = ACCOUNT_REPORTS,
               .entry_bytes = sizeof(struct known_stack),
               .key_count = 1,
               .keys = {{offsetof(struct known_stack, depot),
                         offsetof(struct known_stack, next)}}},
};

/* ---- Records -------------------------------------------------------------------------- */

static void put_string(struct writer *w, const char *text)
{
    writer_put_bytes(w, text, strnlen(text, TEXT_BYTES));
}

static void put_address(struct writer *w, uintptr_t address)
{
    int64_t distance = (int64_t)(address - record.last) / (int64_t)RECORDING_GRANULE;
    writer_put(w, (uint64_t)distance << 1 ^ (uint64_t)(distance >> 63));
    record.last = address;
}

/* ---- What stands at the beginning ----------------------------------------------------- */

static void put_program(struct writer *w)
{
    char *path = record.text;
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, TEXT_BYTES);
    writer_put_bytes(w, path, n > 0 ? (size_t)n : 0);
}

/* Its arguments end with zeros, of which spaces are made. */
static void put_command(struct writer *w)
{
    char *text = record.text;
    ssize_t n = proc_read("self/cmdline", text, TEXT_BYTES);
    size_t length = n > 0 ? (size_t)n : 0;
    while (length > 0 && text[length - 1] == '\0')
        length--;
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] ? text[i] : ' ';
    writer_put_bytes(w, text, length);
}

static void write_beginning(void)
{
    struct timespec now = {0};
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    struct writer w = stream_begin();
    writer_put(&w, RECORDING_VERSION);
    writer_put(&w, (uint64_t)getpid());
    writer_put(&w, (uint64_t)getppid());
    writer_put(&w, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    writer_put(&w, OPTION_NOW(profile_every));
    writer_put(&w, OPTION_NOW(depth));
    put_program(&w);
    put_command(&w);
    stream_end(w, RECORDING_BEGIN);
}

/* ---- Time ----------------------------------------------------------------------------- */

/* Pages of memory that the process has; 0: not known. */
static uint64_t resident_pages(void)
{
    char text[128];
    unsigned long size, resident = 0;
    if (proc_read("self/statm", text, sizeof text) <= 0 ||
        sscanf(text, "%lu %lu", &size, &resident) != 2)
        return 0;
    return resident * (os_page_bytes() / OS_PAGE);
}

static uint64_t heap_pages(void)
{
    const struct heap_numbers *n = process_heap.numbers;
    return (RACING(n->used_bytes) + RACING(n->dirty_bytes) + RACING(n->unit_run_bytes) -
            RACING(n->hole_bytes)) /
           OS_PAGE;
}

static void write_time(uint64_t now)
{
    uint64_t collections = RACING(process_collector.collections);
    uint64_t pauses = RACING(process_collector.pause_ns_total) / 1000;
    if (!stream_has_room())
        return;
    struct writer w = stream_begin();
    writer_put(&w, (now - record.told) / 1000);
    writer_put(&w, heap_pages());
    writer_put(&w, resident_pages());
    writer_put(&w, collections - record.collections);
    writer_put(&w, pauses - record.pauses);
    stream_end(w, RECORDING_TIME);
    record.told += (now - record.told) / 1000 * 1000;
    record.collections = collections;
    record.pauses = pauses;
}

/* Tells the time if it is time for that, before what happens then.  Where each object is recorded, the clock that
 * costs least is asked first. */
static void tell_time(void)
{
    struct timespec coarse;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse);
    if (coarse.tv_nsec == record.coarse || record.is_timeless)
        return;
    record.coarse = coarse.tv_nsec;
    uint64_t now = os_now(), least = TIME_LEAST * UINT64_C(1000000);
    if (now - record.told >= max_size(least, (record.told - record.began) / TIME_PARTS))
        write_time(now);
}

/* ---- Opening -------------------------------------------------------------------------- */

/* The page is not the child's of a fork, which finds zeros there. */
static bool note_process(void)
{
    if (!record.mine)
        record.mine = os_map(os_page_bytes());
    if (!record.mine)
        return false;
    sys_advise((void *)(uintptr_t)record.mine, os_page_bytes(), MADV_WIPEONFORK);
    *record.mine = 1;
    return true;
}

static void forget_parents(void)
{
    record.last = 0;
    record.thread = 0;
    record.is_timeless = false;
    record.stack_count = 0;
    while (record.stacks.count)
        table_remove(&record.stacks, record.stacks.count);
    record.type = 0;
    memset(record.modules, 0, sizeof record.modules);
    memset(record.types, 0, sizeof record.types);
}

/* The lock is held. */
static bool open_file(void)
{
    if (!note_process())
        return false;
    forget_parents();
    if (!stream_open())
        return false;
    record.began = record.told = os_now();
    record.collections = RACING(process_collector.collections);
    record.pauses = RACING(process_collector.pause_ns_total) / 1000;
    write_beginning();
    write_time(os_now());
    return true;
}

bool record_open(void)
{
    critical_take(&record.lock, RANK_RECORD);
    bool opened = open_file();
    critical_release(&record.lock, RANK_RECORD);
    return opened;
}

/* The child of a fork begins a file of its own, if its parent has one still and option process lets it. */
static bool is_open(void)
{
    if (LIKELY(*record.mine))
        return stream_is_open();
    *record.mine = 1;
    if (stream_is_open() && options.profile.text[0])
        return open_file();
    stream_forget();
    return false;
}

/* The program sees nothing of it, nor in errno. */
static void end(void)
{
    int saved_errno = record.saved_errno;
    critical_release(&record.lock, RANK_RECORD);
    errno = saved_errno;
}

/* Takes the lock.  Returns false, without it, if nothing is to be recorded.  Only an object that is allocated begins
 * a child's file. */
static bool begin(bool allocates)
{
    if (!record.mine || (!allocates && !*record.mine))
        return false;
    int saved_errno = errno;
    critical_take(&record.lock, RANK_RECORD);
    record.saved_errno = saved_errno;
    if (is_open()) {
        tell_time();
        if (stream_has_room())
            return true;
    }
    end();
    return false;
}

/* ---- Stacks and modules ---------------------------------------------------------------- */

static void write_module(uint16_t number, const struct module *m)
{
    struct writer w = stream_begin();
    writer_put(&w, number);
    writer_put(&w, m->base);
    writer_put(&w, m->low - m->base);
    writer_put(&w, m->high - m->base);
    writer_put_bytes(&w, m->id, m->id_bytes);
    if (!m->name[0])
        put_program(&w);
    else if (module_path(m, record.text, TEXT_BYTES))
        put_string(&w, record.text);
    else
        put_string(&w, m->name);
    stream_end(w, RECORDING_MODULE);
}

static bool tell_module(uint16_t number)
{
    uint8_t *bits = &record.modules[number / 8], bit = (uint8_t)(1 << number % 8);
    struct module m;
    if (*bits & bit || !module_get(number, &m))
        return true;
    if (!stream_has_room())
        return false;
    *bits |= bit;
    write_module(number, &m);
    return true;
}

/* false: the file cannot be written. */
static bool write_stack(uint32_t stack)
{
    const uintptr_t *frames;
    const uint16_t *modules = depot_modules(stack);
    size_t count = depot_get(stack, &frames);
    for (size_t i = 0; i < count; i++)
        if (!tell_module(modules[i]))
            return false;
    if (!stream_has_room())
        return false;
    struct writer w = stream_begin();
    writer_put(&w, count);
    for (size_t i = 0; i < count; i++) {
        struct module m;
        bool known = module_get(modules[i], &m);
        writer_put(&w, known ? modules[i] : 0u);
        writer_put(&w, known ? frames[i] - m.base : frames[i]);
    }
    stream_end(w, RECORDING_STACK);
    return true;
}

/* The number of the stack in the recording; 0: not known. */
static uint32_t number_of_stack(uint32_t stack)
{
    if (!stack)
        return 0;
    uint32_t at = table_find(&record.stacks, 0, (uintptr_t)stack << 3);
    if (at)
        return ((const struct known_stack *)table_at(&record.stacks, at))->number;
    struct known_stack s = {(uintptr_t)stack << 3, 0, record.stack_count + 1};
    if (!table_add(&record.stacks, &s) || !write_stack(stack))
        return 0;
    return ++record.stack_count;
}

/* ---- What happens ---------------------------------------------------------------------- */

static void tell_thread(void)
{
    pid_t thread = thread_self ? thread_self->tid : 0;
    if (thread == record.thread)
        return;
    record.thread = thread;
    struct writer w = stream_begin();
    writer_put(&w, (uint64_t)thread);
    stream_end(w, RECORDING_THREAD);
}

/* Layouts have the numbers behind the kinds'. */
static void tell_type(const struct heap *h, const struct record_object *o)
{
    uint32_t type = o->layout ? RECORDING_KINDS + o->layout : (uint32_t)o->kind + 1;
    uint8_t *bits = &record.types[type / 8], bit = (uint8_t)(1 << type % 8);
    if (type == record.type)
        return;
    if (!(*bits & bit)) {
        const char *name = o->layout ? layout_name(h, o->layout) : NULL;
        struct writer w = stream_begin();
        writer_put(&w, type);
        writer_put(&w, o->kind);
        put_string(&w, name ? name : "");
        stream_end(w, RECORDING_TYPE);
        *bits |= bit;
    }
    record.type = type;
    struct writer w = stream_begin();
    writer_put(&w, type);
    stream_end(w, RECORDING_TYPED);
}

void record_allocated(const struct heap *h, const struct record_object *o)
{
    if (!begin(true))
        return;
    uint32_t number = number_of_stack(o->stack);
    if (stream_is_open() && stream_has_room()) {
        tell_thread();
        tell_type(h, o);
        struct writer w = stream_begin();
        writer_put(&w, number);
        writer_put(&w, o->requested);
        writer_put(&w, o->slack);
        put_address(&w, o->address);
        stream_end(w, RECORDING_ALLOCATED);
    }
    end();
}

void record_resized(uintptr_t address, size_t requested, size_t slack)
{
    if (!begin(false))
        return;
    struct writer w = stream_begin();
    put_address(&w, address);
    writer_put(&w, requested);
    writer_put(&w, slack);
    stream_end(w, RECORDING_RESIZED);
    end();
}

void record_gone(enum recording_tag tag, uintptr_t address)
{
    if (!begin(false))
        return;
    tell_thread();
    struct writer w = stream_begin();
    put_address(&w, address);
    stream_end(w, tag);
    end();
}

void record_leaked(uintptr_t address, uintptr_t owner)
{
    if (!begin(false))
        return;
    struct writer w = stream_begin();
    put_address(&w, address);
    put_address(&w, owner);
    stream_end(w, RECORDING_LEAKED);
    end();
}

/* The number in the recording of the module that data lies in, and where it does; 0: none is known. */
static uint16_t place_of(uintptr_t data, uintptr_t *place)
{
    struct module m;
    uint16_t number = MODULE_NONE;
    uintptr_t behind = data + 1; /* as a return address has it */
    modules_of(&behind, &number, 1);
    bool known = module_get(number, &m) && tell_module(number);
    *place = known ? data - m.base : data;
    return known ? number : 0;
}

/* Has the stacks of the steps known in the recording.  false: it cannot be written. */
static bool tell_steps(const struct record_way *way, uint32_t *stacks)
{
    for (size_t i = 0; i < way->count; i++)
        stacks[i] = number_of_stack(way->steps[i].stack);
    return stream_is_open() && stream_has_room();
}

static void write_way(const struct record_way *way, uint16_t module, uintptr_t place,
                      const uint32_t *stacks)
{
    struct writer w = stream_begin();
    writer_put(&w, way->root);
    writer_put(&w, module);
    writer_put(&w, place);
    writer_put(&w, (uint64_t)way->thread);
    writer_put(&w, way->left_out);
    writer_put(&w, way->count);
    for (size_t i = 0; i < way->count; i++) {
        const struct record_step *s = &way->steps[i];
        writer_put(&w, s->has_offset ? s->offset + 1 : 0);
        writer_put(&w, s->inside);
        writer_put(&w, s->bytes);
        writer_put(&w, stacks[i]);
    }
    stream_end(w, RECORDING_HELD);
}

void record_held(const struct record_way *way)
{
    uint32_t stacks[RECORDING_STEPS_MOST];
    uintptr_t place;
    if (!begin(false))
        return;
    uint16_t module = place_of(way->at, &place);
    if (tell_steps(way, stacks))
        write_way(way, module, place, stacks);
    end();
}

bool record_last_time(void)
{
    if (!record.mine || !*record.mine)
        return false;
    critical_take(&record.lock, RANK_RECORD);
    if (stream_is_open() && !record.is_timeless)
        write_time(os_now());
    record.is_timeless = true;
    bool open = stream_is_open();
    critical_release(&record.lock, RANK_RECORD);
    return open;
}

void record_close(void)
{
    if (!record.mine || !*record.mine)
        return;
    critical_take(&record.lock, RANK_RECORD);
    if (stream_is_open()) {
        if (!record.is_timeless)
            write_time(os_now());
        if (stream_is_open() && stream_has_room())
            stream_end(stream_begin(), RECORDING_END);
        stream_close();
    }
    critical_release(&record.lock, RANK_RECORD);
}
