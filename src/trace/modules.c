/* A table that only grows, and is looked up by the sorted list of what is loaded now.  What is
 * unloaded is found out around dlclose; the C library unloads by itself, too, which shows at the
 * next look.  A module is known again by where it lies, its name, and the first bytes of its
 * file: linkers put the build-id there, program headers, and the beginning of the symbols. */
#include "trace/modules.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/sys.h"
#include "trace/ask.h"
#include "trace/objects.h"

enum {
    HEAD_BYTES_MOST = 2048,
    MODULES_MOST = 16384, /* bounds memory: some 100 bytes and a path each */
    STRINGS_LEAST = 1 << 14,
};

struct span {
    uintptr_t low, high;
    uint16_t number;
};

/* Under the lock, but for what is atomic. */
static struct {
    struct lock lock;
    struct module *list; /* module n is element n - 1 */
    size_t count, capacity;
    struct span *spans; /* of those that are loaded, by address */
    size_t span_count, span_capacity;
    size_t next; /* where the last look found the object that the loader shows next */
    char *strings;
    size_t strings_left;
    struct objects_counts counts; /* of the last look.  Atomic */
    bool incomplete;              /* some object is not in the list */
    bool wanted;                  /* some look was made.  Atomic */
    uint32_t epoch, unloads;      /* atomic */
    uint32_t closing;             /* calls of dlclose.  Atomic */
} table PRIVATE_DATA;

uint32_t modules_changes PRIVATE_DATA;

/* Calls of dlclose that the calling thread is in. */
static __thread uint32_t closing_here __attribute__((tls_model("initial-exec")));

static uint32_t read_atomic(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void count_up(uint32_t *word)
{
    __atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
}

static void begin(void)
{
    critical_take(&table.lock, RANK_MODULE);
}

static void end(void)
{
    critical_release(&table.lock, RANK_MODULE);
}

uint64_t modules_hash(const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    uint64_t h = count, word;
    for (; count >= sizeof word; at += sizeof word, count -= sizeof word) {
        memcpy(&word, at, sizeof word);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    for (; count > 0; at++, count--)
        h = (h ^ *at) * UINT64_C(0x100000001b3);
    return h;
}

/* ---- Objects of the loader ------------------------------------------------------------- */

/* The segment with the beginning of the file, unless it is written to. */
READS_ANYTHING static void read_head(struct module *m, const struct dl_phdr_info *object,
                                     const ElfW(Phdr) * p)
{
    if (p->p_offset != 0 || !(p->p_flags & PF_R) || (p->p_flags & PF_W))
        return;
    m->head_bytes = min_size(p->p_filesz, HEAD_BYTES_MOST);
    m->head = modules_hash((const void *)(object->dlpi_addr + p->p_vaddr), m->head_bytes);
}

/* A note of GNU's that is as long as it says.  The build-id is in the file's first pages, which nobody
 * writes to. */
READS_ANYTHING static void read_id(struct module *m, const struct dl_phdr_info *object,
                                   const ElfW(Phdr) * p)
{
    const char *at = (const char *)(object->dlpi_addr + p->p_vaddr);
    const char *end = at + p->p_memsz;
    while ((size_t)(end - at) >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        const char *name = at + sizeof *note;
        const char *id = name + align_up(note->n_namesz, 4);
        if (note->n_namesz > p->p_memsz || note->n_descsz > p->p_memsz ||
            (size_t)(end - at) < (size_t)(id - at) + note->n_descsz)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
            m->id_bytes = (uint8_t)min_size(note->n_descsz, sizeof m->id);
            memcpy(m->id, id, m->id_bytes);
            return;
        }
        at = id + align_up(note->n_descsz, p->p_align == 8 ? 8 : 4);
    }
}

/* false: no part of it is in memory. */
static bool read_object(struct module *m, const struct dl_phdr_info *object)
{
    *m = (struct module){.name = object->dlpi_name ? object->dlpi_name : "",
                         .base = object->dlpi_addr,
                         .low = UINTPTR_MAX,
                         .loaded = true};
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        uintptr_t low = object->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_NOTE && !m->id_bytes)
            read_id(m, object, p);
        if (p->p_type != PT_LOAD)
            continue;
        m->low = min_size(m->low, low);
        m->high = max_size(m->high, low + p->p_memsz);
        read_head(m, object, p);
    }
    return m->low < m->high;
}

static bool equals(const struct module *a, const struct module *b)
{
    return a->base == b->base && a->low == b->low && a->high == b->high &&
           a->head_bytes == b->head_bytes && a->head == b->head &&
           strcmp(a->name, b->name) == 0;
}

/* NULL: there is no memory. */
static const char *keep_string(const char *text)
{
    size_t bytes = strlen(text) + 1;
    if (table.strings_left < bytes) {
        size_t chunk = max_size(bytes, STRINGS_LEAST);
        char *strings = meta_alloc(ACCOUNT_CALLS, chunk);
        if (!strings)
            return NULL;
        table.strings = strings;
        table.strings_left = chunk;
    }
    char *copy = memcpy(table.strings, text, bytes);
    table.strings += bytes;
    table.strings_left -= bytes;
    return copy;
}

/* The strings of a new module; a library that lies elsewhere now has its old ones. */
static bool keep_strings(struct module *m)
{
    char folder[PATH_MAX];
    bool relative = strchr(m->name, '/') && m->name[0] != '/';
    bool found = relative && syscall(SYS_getcwd, folder, sizeof folder) > 0;
    for (size_t i = table.count; i > 0; i--) {
        const struct module *other = &table.list[i - 1];
        if (strcmp(other->name, m->name) != 0 || !found != !other->folder ||
            (found && strcmp(other->folder, folder) != 0))
            continue;
        m->name = other->name;
        m->folder = other->folder;
        return true;
    }
    m->name = keep_string(m->name);
    m->folder = found ? keep_string(folder) : NULL;
    return m->name && !found == !m->folder;
}

static bool add(struct module *m)
{
    if (table.count == MODULES_MOST || !keep_strings(m))
        return false;
    struct module *list =
        meta_grow(ACCOUNT_CALLS, table.list, table.count, &table.capacity, sizeof *list);
    if (!list)
        return false;
    table.list = list;
    list[table.count++] = *m;
    return true;
}

/* The loader shows the objects in one order, so that each is found behind the one before. */
static struct module *find(const struct module *m)
{
    for (size_t i = 0; i < table.count; i++) {
        size_t at = (table.next + i) % table.count;
        if (!equals(&table.list[at], m))
            continue;
        table.next = at + 1;
        return &table.list[at];
    }
    return NULL;
}

/* ---- Looking --------------------------------------------------------------------------- */

/* Insertion: the loader maps one library below the other. */
static bool add_span(struct span span)
{
    struct span *spans = meta_grow(ACCOUNT_CALLS, table.spans, table.span_count,
                                   &table.span_capacity, sizeof *spans);
    if (!spans)
        return false;
    table.spans = spans;
    size_t at = table.span_count++;
    for (; at > 0 && spans[at - 1].low > span.low; at--)
        spans[at] = spans[at - 1];
    spans[at] = span;
    return true;
}

static void set_counts(struct objects_counts counts)
{
    __atomic_store_n(&table.counts.added, counts.added, __ATOMIC_RELAXED);
    __atomic_store_n(&table.counts.removed, counts.removed, __ATOMIC_RELAXED);
}

/* What one look finds.  The loader's lock is held until it is in the table; the table's is not
 * meanwhile, as what asks the loader may come to free memory. */
struct look {
    struct objects_counts counts;
    struct module *found; /* with the loader's strings */
    size_t count, capacity;
    bool incomplete;
};

static bool begin_look(void *argument, struct objects_counts counts)
{
    struct look *l = argument;
    l->counts = counts;
    return !modules_known(counts.added, counts.removed);
}

static void look_at(void *argument, const struct dl_phdr_info *object)
{
    struct look *l = argument;
    struct module m, *found;
    if (!read_object(&m, object))
        return;
    found = meta_grow(ACCOUNT_CALLS, l->found, l->count, &l->capacity, sizeof *found);
    if (!found) {
        l->incomplete = true;
        return;
    }
    l->found = found;
    found[l->count++] = m;
}

static void note(struct module *m)
{
    struct module *known = find(m);
    if (known)
        known->loaded = true;
    else if (!add(m))
        table.incomplete = true;
}

static void list_spans(void)
{
    table.span_count = 0;
    for (size_t i = table.count; i > 0; i--) {
        const struct module *m = &table.list[i - 1];
        if (m->loaded && !add_span((struct span){m->low, m->high, (uint16_t)i}))
            table.incomplete = true;
    }
}

static bool is_any_gone(void)
{
    for (size_t i = 0; i < table.span_count; i++)
        if (!table.list[table.spans[i].number - 1].loaded)
            return true;
    return false;
}

/* The table becomes what was found.  true: something is gone. */
static bool take_over(struct look *l)
{
    lock_check_held(RANK_MODULE);
    table.next = 0;
    for (size_t i = 0; i < table.count; i++)
        table.list[i].loaded = false;
    for (size_t i = 0; i < l->count; i++)
        note(&l->found[i]);
    bool gone = is_any_gone();
    list_spans();
    return gone;
}

/* Where memory is short nothing is known of what is loaded, and the next look tries again. */
static void end_look(void *argument)
{
    struct look *l = argument;
    begin();
    table.incomplete = l->incomplete;
    bool gone = l->incomplete || take_over(l);
    if (l->incomplete)
        table.span_count = 0;
    if (!table.incomplete || table.count == MODULES_MOST)
        set_counts(l->counts);
    count_up(&table.epoch);
    if (gone) {
        count_up(&table.unloads);
        count_up(&modules_changes);
    }
    end();
}

static void visit(void *visitor)
{
    objects_visit(visitor);
}

void modules_look(void)
{
    struct look l = {.count = 0};
    struct objects_visitor all = {begin_look, look_at, end_look, &l};
    int error = errno;
    __atomic_store_n(&table.wanted, true, __ATOMIC_RELAXED);
    ask_run(visit, &all);
    meta_free(l.found, l.capacity * sizeof *l.found);
    errno = error;
}

/* ---- Unloading ------------------------------------------------------------------------- */

static bool refuse(void *argument, struct objects_counts counts)
{
    (void)argument, (void)counts;
    return false;
}

static bool is_wanted(void)
{
    return __atomic_load_n(&table.wanted, __ATOMIC_RELAXED);
}

/* Where nobody records stacks, the table is of no use; but libunwind has to know. */
static void tell_libunwind(void)
{
    struct objects_visitor none = {.begin = refuse};
    int error = errno;
    ask_run(visit, &none);
    errno = error;
}

void modules_opening(void)
{
    if (is_wanted())
        modules_look();
}

void modules_closing(void)
{
    if (is_wanted())
        modules_look();
    closing_here++;
    count_up(&table.closing);
    count_up(&modules_changes);
}

void modules_closed(void)
{
    if (is_wanted())
        modules_look();
    else
        tell_libunwind();
    closing_here--;
    __atomic_fetch_sub(&table.closing, 1, __ATOMIC_ACQ_REL);
    count_up(&modules_changes);
}

void modules_forked(void)
{
    table.closing = closing_here;
}

bool modules_are_closing(void)
{
    return read_atomic(&table.closing) != 0;
}

/* ---- Asking ---------------------------------------------------------------------------- */

uint32_t modules_unloads(void)
{
    return read_atomic(&table.unloads);
}

uint32_t modules_epoch(void)
{
    return read_atomic(&table.epoch);
}

bool modules_known(uint64_t added, uint64_t removed)
{
    return __atomic_load_n(&table.counts.added, __ATOMIC_RELAXED) == added &&
           __atomic_load_n(&table.counts.removed, __ATOMIC_RELAXED) == removed;
}

void modules_notice(uint64_t added, uint64_t removed)
{
    if (is_wanted() && !modules_known(added, removed))
        count_up(&modules_changes);
}

static uint16_t number_at(uintptr_t address)
{
    lock_check_held(RANK_MODULE);
    size_t low = 0, high = table.span_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table.spans[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && address < table.spans[low - 1].high)
        return table.spans[low - 1].number;
    return table.incomplete ? MODULE_LOST : MODULE_NONE;
}

/* A return address may lie behind the last instruction, the call. */
void modules_of(const uintptr_t *frames, uint16_t *numbers, size_t count)
{
    begin();
    for (size_t i = 0; i < count; i++)
        numbers[i] = number_at(frames[i] - 1);
    end();
}

bool module_get(uint16_t number, struct module *m)
{
    begin();
    bool found = number > 0 && number <= table.count;
    if (found)
        *m = table.list[number - 1];
    end();
    return found;
}

bool module_path(const struct module *m, char *path, size_t bytes)
{
    int n = snprintf(path, bytes, "%s%s%s", m->folder ? m->folder : "",
                     m->folder ? "/" : "", m->name);
    return n > 0 && (size_t)n < bytes && path[0] == '/';
}

void modules_check(void)
{
    uintptr_t end = 0;
    CHECK(table.span_count <= table.span_capacity && table.count <= table.capacity);
    for (size_t i = 0; i < table.span_count; i++) {
        struct span s = table.spans[i];
        CHECK(s.number > 0 && s.number <= table.count);
        CHECK(s.low >= end && s.low < s.high);
        CHECK(table.list[s.number - 1].low == s.low && table.list[s.number - 1].loaded);
        end = s.high;
    }
}
