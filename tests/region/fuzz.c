/* Regions whose files are damaged on purpose: whatever is in them, opening one fails with a sentence or
 * gives a region that can be used.  Nothing crashes, and nothing hangs.
 *
 *   fuzz [SEEDS [FIRST]]   so many inputs, made from numbers; the first that ends a child by a signal is named
 *
 * With FUZZ_TARGET it is a target for libFuzzer instead (make fuzz-region).  An input is a list of changes of
 * a small sound region; most are made where the region says of itself what it is, and the sum of its first
 * page is made good after most of them. */
#include <gcalloc/region.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap/types.h"
#include "region/layout.h"

enum {
    LIMIT = 4 << 20,
    PATIENCE = 60, /* seconds without an end are a deadlock */
    BATCH = 50,    /* inputs for each child */
    PAGE = 4096,
};

static char name[40], path[60];

/* ---- A sound region ------------------------------------------------------------------------------- */

/* Its file's contents, and which pages of it are not all zero. */
static unsigned char *sound;
static size_t sound_bytes;
static struct region_constants constant;
static struct region_parts parts;
static struct heap_numbers *numbers;
static size_t words_at, units_at, states_at; /* places in the file */

#define MUST(condition) \
    ((condition) ? (void)0 : must_failed(__LINE__, #condition, gc_region_error()))

static _Noreturn void must_failed(int line, const char *what, const char *said)
{
    fprintf(stderr, "fuzz.c:%d: %s: %s\n", line, what, said);
    _exit(3);
}

static void fill(gc_region *r)
{
    static const size_t offsets[] = {0, 16};
    gc_region_layout type = gc_region_layout_get(r, 24, offsets, 2);
    MUST(type && gc_region_begin(r) == 0);
    for (int i = 0; i < 40; i++) {
        char root[16];
        snprintf(root, sizeof root, "r%d", i);
        void **o = i % 3 ? gc_region_alloc(r, i == 7   ? 150000
                                              : i == 8 ? 9000
                                                       : (size_t)(i % 8) * 200 + 8)
                         : gc_region_alloc_layout(r, type);
        MUST(o);
        o[0] = gc_region_alloc_atomic(r, (size_t)(i % 5) * 100);
        MUST(gc_region_root_set(r, root, o) == 0);
    }
    MUST(gc_region_end(r) == 0);
}

static void read_sound(int file)
{
    struct stat found;
    MUST(fstat(file, &found) == 0);
    sound_bytes = (size_t)found.st_size;
    sound = mmap(NULL, sound_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    MUST(sound != MAP_FAILED);
    memcpy(&constant, sound, sizeof constant);
    parts = region_parts((size_t)(constant.units - 1) << UNIT_SHIFT);
}

/* Where the tables lie, which are packed in so small a heap (heap/arena.c). */
static void find_tables(void)
{
    numbers = (struct heap_numbers *)(void *)(sound + parts.tables);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), units = constant.units;
    size_t types = (units * sizeof(uint16_t) + page - 1) / page * page;
    size_t descriptors = (units * sizeof(struct unit) + page - 1) / page * page;
    size_t words = (units * sizeof(unit_word) + page - 1) / page * page;
    units_at = parts.tables + numbers->tables_bytes - types - descriptors;
    words_at = units_at - words;
    states_at = words_at - numbers->maps[STATE_MAPS];
}

static void make_sound(void)
{
    gc_region *r = gc_region_create(name, LIMIT, 0, 0);
    MUST(r);
    fill(r);
    MUST(gc_region_collect(r) == 0 && gc_region_close(r) == 0);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    MUST(file >= 0);
    read_sound(file);
    find_tables();
    close(file);
    unlink(path);
}

static bool is_zero(const unsigned char *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

/* Writes the pages that are not zero: the rest of the file is a hole, as in the one that was made. */
static void write_file(const unsigned char *bytes, size_t size)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUST(file >= 0 && ftruncate(file, (off_t)size) == 0);
    for (size_t at = 0; at < size && at < sound_bytes; at += PAGE) {
        size_t length = size - at < PAGE ? size - at : PAGE;
        if (!is_zero(bytes + at))
            MUST(pwrite(file, bytes + at, length, (off_t)at) == (ssize_t)length);
    }
    close(file);
}

/* ---- Changing it ----------------------------------------------------------------------------------- */

struct input {
    const unsigned char *at, *end;
};

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | (in->at < in->end ? *in->at++ : 0);
    return value;
}

/* Values on which code turns. */
static uint64_t value_of(struct input *in)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     5,
                                     0x7f,
                                     0x80,
                                     0xff,
                                     0xffff,
                                     0x10000,
                                     0x7fffffff,
                                     LOCK_SHARED | 1,
                                     LOCK_SHARED | LOCK_AWAITED | 2,
                                     UINT32_MAX,
                                     1ull << 26,
                                     1ull << 40,
                                     INT64_MAX,
                                     UINT64_MAX};
    unsigned kind = (unsigned)take(in, 1);
    if (kind < 128)
        return edges[kind % (sizeof edges / sizeof *edges)];
    return kind < 192 ? take(in, 2) : take(in, 8);
}

/* Parts of the file, how large the elements of each are, and how many of them are in use. */
struct part {
    size_t start, element, count;
};

static struct part part_of(unsigned kind)
{
    const struct part all[] = {
        {0, sizeof(struct region_header), 1},
        {offsetof(struct region_header, gate),
         sizeof(struct region_header) - offsetof(struct region_header, gate), 1},
        {parts.members, sizeof(struct region_member), 4},
        {parts.threads, sizeof(struct region_thread), 4},
        {parts.roots, sizeof(struct region_root), REGION_ROOTS},
        {parts.holds, sizeof(struct region_hold), REGION_HOLDS},
        {parts.types, sizeof(struct region_type), 4},
        {parts.tables, offsetof(struct heap_numbers, shards), 1},
        {parts.tables, 256, 1},
        {parts.tables + offsetof(struct heap_numbers, shards), sizeof(struct bin_list),
         SHARDS * BIN_COUNT},
        {words_at, sizeof(unit_word), constant.units},
        {words_at, sizeof(unit_word), constant.units},
        {units_at, sizeof(struct unit), constant.units},
        {units_at, sizeof(struct unit), constant.units},
        {states_at, 1, numbers->maps[STATE_MAPS]},
        {parts.first_unit, 16, (size_t)LIMIT / 16},
    };
    return all[kind % (sizeof all / sizeof *all)];
}

/* The element that was chosen, or one of those that are not zero, which say most. */
static size_t element_of(const unsigned char *bytes, const struct part *p, uint64_t index)
{
    size_t first = index / 2 % p->count;
    for (size_t i = 0; i < p->count && index % 2; i++) {
        size_t at = p->start + (first + i) % p->count * p->element;
        for (size_t k = 0; k < p->element; k++)
            if (bytes[at + k])
                return at;
    }
    return p->start + first * p->element;
}

static void change(unsigned char *bytes, struct input *in)
{
    struct part p = part_of((unsigned)take(in, 1));
    size_t at = element_of(bytes, &p, take(in, 3));
    unsigned width = 1u << take(in, 1) % 4;
    size_t places = p.element > width ? p.element / width : 1;
    at += take(in, 2) % places * width;
    uint64_t value = value_of(in), had = 0;
    if (at + 8 > sound_bytes)
        return;
    memcpy(&had, bytes + at, width);
    switch (take(in, 1) % 4) {
    case 0:
        had ^= (uint64_t)1 << value % (8 * width);
        break;
    case 1:
        had += value;
        break;
    default:
        had = value;
    }
    memcpy(bytes + at, &had, width);
}

/* A process that lives is said to have it: this one, or the first of all. */
static void claim(unsigned char *bytes, struct input *in)
{
    struct region_member *m =
        (struct region_member *)(void *)(bytes + parts.members) + take(in, 1) % 3;
    struct region_thread *t =
        (struct region_thread *)(void *)(bytes + parts.threads) + take(in, 1) % 3;
    m->pid = take(in, 1) % 2 ? 1 : (uint32_t)getpid();
    m->start = take(in, 1) % 2;
    struct stat found;
    m->space = stat("/proc/self/ns/pid", &found) == 0 ? found.st_ino : 0;
    *t = (struct region_thread){.active = take(in, 1) % 2,
                                .member = (uint32_t)take(in, 1) % 4,
                                .tid = m->pid,
                                .start = m->start,
                                .space = m->space};
}

/* ---- Using it ---------------------------------------------------------------------------------------- */

static int see_root(const char *root, void *object, void *data)
{
    (void)object;
    *(size_t *)data += strlen(root);
    return 0;
}

static int see_object(const struct gc_region_object *o, void *data)
{
    (void)o;
    ++*(size_t *)data;
    return 0;
}

static int see_process(const struct gc_region_process *p, void *data)
{
    *(size_t *)data += p->threads;
    return 0;
}

static void look(gc_region *r)
{
    size_t count = 0;
    struct gc_region_stats stats;
    gc_region_stats(r, &stats);
    gc_region_root_list(r, see_root, &count);
    gc_region_walk(r, see_object, &count);
    gc_region_process_list(r, see_process, &count);
    for (uint64_t offset = 0; offset < sound_bytes + PAGE; offset += 3 * PAGE + 8) {
        void *p = gc_region_pointer(r, offset);
        count += gc_region_usable_size(r, gc_region_base(r, p));
    }
    if (gc_region_root_get(r, "r7"))
        gc_region_usable_size(r, gc_region_root_get(r, "r7"));
}

/* What it gets is written to, as a program would. */
static void change_objects(gc_region *r)
{
    for (size_t i = 0; i < 60; i++) {
        char *o = gc_region_alloc(r, i * i * 20);
        if (o && i > 2)
            memset(o, 1, i * i * 20);
        if (o && i % 3 == 0)
            gc_region_hold(r, o);
        if (o && i % 4 == 0)
            gc_region_free(r, o);
    }
    for (int i = 0; i < 40; i += 2) {
        char root[16];
        snprintf(root, sizeof root, "r%d", i);
        void *o = gc_region_root_get(r, root);
        gc_region_root_set(r, root, gc_region_realloc(r, o, (size_t)i * 999));
    }
    gc_region_root_remove(r, "r3");
}

static void use(gc_region *r)
{
    look(r);
    if (gc_region_begin(r) == 0) {
        look(r);
        change_objects(r);
        MUST(gc_region_end(r) == 0);
    }
    gc_region_check(r);
    gc_region_collect(r);
    if (gc_region_begin(r) == 0) {
        change_objects(r);
        look(r);
        gc_region_end(r);
    }
    gc_region_check(r);
}

/* Opens and uses what the input makes. */
static void try_input(const unsigned char *data, size_t size)
{
    struct input in = {data, data + size};
    static unsigned char *bytes;
    if (!bytes)
        bytes = malloc(sound_bytes);
    MUST(bytes);
    memcpy(bytes, sound, sound_bytes);
    unsigned how = (unsigned)take(&in, 1);
    while (in.at < in.end)
        change(bytes, &in);
    in = (struct input){data, data + size};
    if (how % 16 == 1)
        claim(bytes, &in);
    struct region_constants *c = (struct region_constants *)(void *)bytes;
    if (how % 8)
        c->sum = region_sum(c);
    size_t length = how % 32 == 2 ? take(&in, 3) * 16 % sound_bytes : sound_bytes;
    write_file(bytes, length);
    struct gc_region_description description;
    gc_region_describe(name, 0, &description);
    errno = 0;
    gc_region *r = gc_region_open(name, how & 64 ? GC_REGION_READ_ONLY : 0);
    if (r) {
        use(r);
        MUST(gc_region_close(r) == 0);
    } else {
        MUST(errno != 0 && *gc_region_error());
    }
    unlink(path);
}

/* With a short patience for processes that seem to be in brackets. */
static void set_up(void)
{
    snprintf(name, sizeof name, "/gcalloc-fuzz-%d", (int)getpid());
    snprintf(path, sizeof path, "/dev/shm%s", name);
    make_sound();
}

#ifdef FUZZ_TARGET

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    set_up();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_input(data, size);
    return 0;
}

#else

static uint64_t state;

/* xorshift64* (Vigna) */
static uint64_t roll(void)
{
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
}

static void try_seed(unsigned long seed)
{
    unsigned char data[256];
    state = (seed + 1) * 0x9e3779b97f4a7c15u | 1;
    size_t size = 1 + roll() % (roll() % 4 ? 40 : sizeof data - 1);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(roll() >> 32);
    try_input(data, size);
}

/* The number of the seed that a child is at is known to its parent. */
static int try_batch(unsigned long first, unsigned long end, unsigned long *now)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        for (*now = first; *now < end; ++*now) {
            alarm(PATIENCE);
            try_seed(*now);
        }
        _exit(0);
    }
    return child < 0 || waitpid(child, &status, 0) != child ? -1 : status;
}

int main(int count, char **arguments)
{
    unsigned long seeds = count > 1 ? strtoul(arguments[1], NULL, 10) : 500;
    unsigned long first = count > 2 ? strtoul(arguments[2], NULL, 10) : 0;
    unsigned long *now =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = 0;
    setenv("GCALLOC_OPTIONS", "region_wait=20", 1);
    if (!getenv("FUZZ_AGAIN")) { /* options are read when the library begins */
        setenv("FUZZ_AGAIN", "1", 1);
        execv("/proc/self/exe", arguments);
    }
    set_up();
    for (unsigned long at = first, end; at < first + seeds; at = end) {
        end = at + BATCH < first + seeds ? at + BATCH : first + seeds;
        int status = try_batch(at, end, now);
        if (status == 0)
            continue;
        fprintf(stderr, "fuzz: seed %lu ended with status %#x\n", *now, (unsigned)status);
        failed++;
        end = *now + 1;
    }
    unlink(path);
    printf("%lu inputs, %d failed\n", seeds, failed);
    return failed != 0;
}

#endif
