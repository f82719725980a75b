/* A walk follows the layouts of the frames' return addresses: some nanoseconds for each,
 * as each has to wait for the one before.  What it read of the stack (return addresses, and
 * the frame pointers that lead to some of them) decides its result, together with where it
 * began.  So a stack that is remembered is known again by comparing these words, all at
 * once.  The first LEAD steps are made all the same, to tell which of the remembered
 * stacks it may be: many are alike in the innermost frame. */
#include "trace/walk.h"

#include "base/bits.h"
#include "base/meta.h"
#include "base/track.h"
#include "trace/layout.h"
#include "trace/modules.h"

enum {
    LAYOUTS = 4096, /* a power of two */
    LEAD = 3,       /* steps */
    WAYS = 2,
    SETS = 1024,   /* a power of two */
    PLACES = 2048, /* a power of two */
    CHECKS_MOST = 32,
    WORD = 8,
};

/* A word of the stack that a walk read: a return address, and with `pair` the word below
 * it, a frame pointer. */
struct check {
    uintptr_t slot;
    bool pair;
};

/* What the last walk read. */
struct walk {
    struct check checks[2 * CAPTURE_DEPTH_MAX];
    size_t count;
    bool uses_bp; /* the frame pointer of the first call */
    enum { BP_OF_CALL, BP_READ, BP_CHECKED } bp;
    uintptr_t bp_slot; /* what it was read from */
    size_t bp_check;   /* the check that it makes a pair of; NO_CHECK: it is one itself */
};

#define NO_CHECK SIZE_MAX

/* The innermost return addresses, and the call that comes then. */
struct lead {
    uintptr_t ips[LEAD];
    struct call call;
};

/* A word of a remembered stack, and of a pair where the word below it leads. */
struct word {
    uint32_t offset; /* from lead.call.sp, as `bp` is */
    int32_t bp;
    uint64_t value;
};

/* A remembered stack.  The pairs come first. */
struct known {
    struct lead lead;
    uint32_t number;
    uint16_t depth; /* 0: nothing is remembered here */
    uint8_t pairs, count;
    bool uses_bp;
    struct word words[CHECKS_MOST];
} __attribute__((aligned(64)));

struct walker {
    uintptr_t low, high;       /* bounds of the stack */
    uint32_t changes, unloads; /* of the modules, when this was last true of them */
    unsigned next_way;
    bool claimed; /* a handler that jumps out of a walk leaves it so */
    struct walk walk;
    uintptr_t frames[CAPTURE_DEPTH_MAX];
    struct layout layouts[LAYOUTS];
    struct known known[SETS][WAYS];
    struct walk_place places[PLACES];
};

static __thread struct walker *self __attribute__((tls_model("initial-exec")));

void walk_begin(uintptr_t low, uintptr_t high)
{
#if defined(__x86_64__)
    if (self || track_is_watched())
        return;
    self = meta_alloc(ACCOUNT_CALLS, sizeof *self);
    if (self) {
        self->low = low;
        self->high = high;
    }
#else
    (void)low;
    (void)high;
#endif
}

/* A handler may interrupt this and allocate: it does without a walker from then on. */
void walk_end(void)
{
    struct walker *mine = self;
    self = NULL;
    __asm__ volatile("" ::: "memory");
    meta_free(mine, sizeof *mine);
}

static void forget_all(struct walker *w)
{
    for (size_t i = 0; i < LAYOUTS; i++)
        w->layouts[i].ip = 0;
    for (size_t set = 0; set < SETS; set++)
        for (size_t way = 0; way < WAYS; way++)
            w->known[set][way].depth = 0;
    for (size_t i = 0; i < PLACES; i++)
        w->places[i].sp = 0;
}

static void forget_unloaded(struct walker *w)
{
    uint32_t unloads = modules_unloads();
    if (unloads != w->unloads)
        forget_all(w);
    w->unloads = unloads;
}

/* Other code may be where some was that has been unloaded.  While something is being
 * unloaded, each walk asks anew. */
NOINLINE static void catch_up(struct walker *w, uint32_t changes)
{
    modules_look();
    forget_unloaded(w);
    if (!modules_are_closing())
        w->changes = changes;
}

uintptr_t *walk_claim(void)
{
    struct walker *w = self;
    if (!w || w->claimed)
        return NULL;
    w->claimed = true;
    __asm__ volatile("" ::: "memory");
    uint32_t changes = __atomic_load_n(&modules_changes, __ATOMIC_ACQUIRE);
    if (UNLIKELY(w->changes != changes))
        catch_up(w, changes);
    return w->frames;
}

void walk_release(void)
{
    __asm__ volatile("" ::: "memory");
    self->claimed = false;
}

/* ---- Layouts --------------------------------------------------------------------- */

NOINLINE static const struct layout *read_layout(struct walker *w, struct layout *l,
                                                 uintptr_t ip)
{
    struct layout found = layout_read(ip);
    forget_unloaded(w);
    *l = found;
    return l;
}

INLINE const struct layout *layout_at(struct walker *w, uintptr_t ip)
{
    size_t i = (ip ^ ip >> 12) & (LAYOUTS - 1);
    struct layout *l = &w->layouts[i];
    return LIKELY(l->ip == ip) ? l : read_layout(w, l, ip);
}

/* ---- Walking ---------------------------------------------------------------------- */

READS_ANYTHING static uintptr_t word_at(uintptr_t slot)
{
    return *(const uintptr_t *)slot;
}

/* The frame pointer decides the next step.  Until then it may have been anything. */
static void use_bp(struct walk *k)
{
    if (k->bp == BP_OF_CALL)
        k->uses_bp = true;
    else if (k->bp == BP_READ && k->bp_check != NO_CHECK)
        k->checks[k->bp_check].pair = true;
    else if (k->bp == BP_READ)
        k->checks[k->count++] = (struct check){k->bp_slot, false};
    k->bp = BP_CHECKED;
}

/* A return address was read, and the frame pointer if the frame saved it. */
static void note_read(struct walk *k, uintptr_t cfa, const struct layout *l)
{
    k->checks[k->count++] = (struct check){cfa - WORD, false};
    if (!l->bp_at)
        return;
    k->bp = BP_READ;
    k->bp_slot = cfa + (uintptr_t)(intptr_t)l->bp_at;
    k->bp_check = l->bp_at == -2 * WORD ? k->count - 1 : NO_CHECK;
}

enum step {
    STEPPED,
    ENDED,
    LOST,
};

/* Goes on to the caller's call.  What is read goes into `k`, unless it is NULL. */
INLINE enum step step(struct walker *w, struct walk *k, struct call *c)
{
    const struct layout *l = layout_at(w, c->ip);
    if (l->rule == LAYOUT_LAST)
        return ENDED;
    if (UNLIKELY(l->rule == LAYOUT_UNKNOWN))
        return LOST;
    if (k && l->rule == LAYOUT_BP)
        use_bp(k);
    uintptr_t cfa = (l->rule == LAYOUT_BP ? c->bp : c->sp) + (uintptr_t)(intptr_t)l->cfa;
    if (UNLIKELY(cfa <= c->sp || cfa > w->high || cfa % WORD ||
                 cfa - c->sp < (uintptr_t)-l->bp_at))
        return LOST;
    c->ip = word_at(cfa - WORD);
    c->bp = l->bp_at ? word_at(cfa + (uintptr_t)(intptr_t)l->bp_at) : c->bp;
    c->sp = cfa;
    if (k)
        note_read(k, cfa, l);
    return c->ip ? STEPPED : ENDED;
}

static void restart(struct walk *k)
{
    k->count = 0;
    k->uses_bp = false;
    k->bp = BP_OF_CALL;
}

static bool can_walk(const struct walker *w, const struct call *c)
{
    return w && c->sp >= w->low && c->sp < w->high && c->sp % WORD == 0;
}

bool walk_caller(struct call *call)
{
    struct walker *w = self;
    if (!can_walk(w, call))
        return false;
    return step(w, NULL, call) == STEPPED;
}

size_t walk_frames(struct call call, uintptr_t *frames, size_t depth)
{
    struct walker *w = self;
    enum step last = STEPPED;
    size_t count = 0;
    if (!can_walk(w, &call))
        return 0;
    restart(&w->walk);
    while (count < depth && last == STEPPED) {
        if (count == LEAD)
            restart(&w->walk);
        frames[count++] = call.ip;
        if (count < depth)
            last = step(w, &w->walk, &call);
    }
    return last == LOST ? 0 : count;
}

/* ---- Places ------------------------------------------------------------------------ */

struct walk_place *walk_place(struct call call)
{
    struct walker *w = self;
    uintptr_t ip = call.ip, sp = call.sp;
    if (!can_walk(w, &call) || step(w, NULL, &call) != STEPPED)
        return NULL;
    uint64_t word = ip ^ (call.ip << 7 | call.ip >> 57) ^ sp << 20;
    struct walk_place *p = &w->places[hash_place(word, PLACES)];
    if (UNLIKELY(((p->ips[0] ^ ip) | (p->ips[1] ^ call.ip) | (p->sp ^ sp)) != 0))
        *p = (struct walk_place){{ip, call.ip}, sp, 0, 0};
    p->seen++;
    return p;
}

/* ---- Knowing again ------------------------------------------------------------------ */

/* false: the stack is no deeper. */
INLINE bool find_lead(struct walker *w, struct call call, struct lead *l)
{
    for (size_t i = 0; i < LEAD; i++) {
        l->ips[i] = call.ip;
        if (step(w, NULL, &call) != STEPPED)
            return false;
    }
    l->call = call;
    return true;
}

INLINE struct known *set_of(struct walker *w, const struct lead *l)
{
    uint64_t h = l->call.sp;
    for (size_t i = 0; i < LEAD; i++)
        h = (h << 7 | h >> 57) ^ l->ips[i];
    return w->known[hash_place(h ^ l->call.ip << 20, SETS)];
}

INLINE bool equals(const struct known *k, const struct lead *l)
{
    uint64_t differs = (k->lead.call.ip ^ l->call.ip) | (k->lead.call.sp ^ l->call.sp);
    for (size_t i = 0; i < LEAD; i++)
        differs |= k->lead.ips[i] ^ l->ips[i];
    return differs == 0 && (!k->uses_bp || k->lead.call.bp == l->call.bp);
}

/* All words are on the stack still: they lie above lead.call.sp.  Word by word: those that
 * were written just now, by twos, are not forwarded to a load of both. */
READS_ANYTHING INLINE bool holds(const struct known *k)
{
    uintptr_t sp = k->lead.call.sp;
    uint64_t differs = 0, bps_differ = 0;
    const struct word *w = k->words;
    for (const struct word *end = w + k->pairs; w < end; w++) {
        const uint64_t *slot = (const void *)(sp + w->offset);
        differs |= slot[0] ^ w->value;
        bps_differ |= slot[-1] ^ (sp + (uintptr_t)(intptr_t)w->bp);
    }
    for (const struct word *end = k->words + k->count; w < end; w++)
        differs |= *(const uint64_t *)(sp + w->offset) ^ w->value;
    return (differs | bps_differ) == 0;
}

uint32_t walk_recall(struct call call, size_t depth)
{
    struct walker *w = self;
    struct lead l;
    if (!can_walk(w, &call) || depth <= LEAD || !find_lead(w, call, &l))
        return 0;
    const struct known *k = set_of(w, &l);
    for (const struct known *end = k + WAYS; k < end; k++)
        if (k->depth == depth && equals(k, &l) && holds(k))
            return k->number;
    return 0;
}

/* A frame pointer of a pair led to a frame above. */
static void add_check(struct known *k, const struct check *c)
{
    uintptr_t sp = k->lead.call.sp;
    k->words[k->count++] = (struct word){
        .offset = (uint32_t)(c->slot - sp),
        .bp = c->pair ? (int32_t)(word_at(c->slot - WORD) - sp) : 0,
        .value = word_at(c->slot),
    };
    k->pairs = (uint8_t)(k->pairs + c->pair);
}

void walk_remember(struct call call, size_t depth, uint32_t number)
{
    struct walker *w = self;
    const struct walk *walk = &w->walk;
    struct lead l;
    if (depth <= LEAD || walk->count > CHECKS_MOST || !find_lead(w, call, &l) ||
        w->high - l.call.sp > INT32_MAX)
        return;
    struct known *k = set_of(w, &l) + w->next_way++ % WAYS;
    k->lead = l;
    k->depth = (uint16_t)depth;
    k->number = number;
    k->uses_bp = walk->uses_bp;
    k->pairs = k->count = 0;
    for (int pair = 1; pair >= 0; pair--)
        for (size_t i = 0; i < walk->count; i++)
            if (walk->checks[i].pair == pair)
                add_check(k, &walk->checks[i]);
}
