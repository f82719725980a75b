/* Vector passes, in the compiler's own vectors so that each machine gets its best.  The
 * states of a block are followed by free ones up to a multiple of the vector, and start
 * at one, so that whole vectors may be read. */
#include "heap/state.h"

#include <string.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

enum { LANES = sizeof(bytes16), FLUSH_EVERY = 255 };

/* Adds up the lanes of a vector of counters. */
static uint32_t lane_sum(bytes16 v)
{
    uint32_t sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += v[i];
    return sum;
}

struct state_counts state_count(const uint8_t *states, uint32_t count)
{
    struct state_counts c = {0};
    for (uint32_t i = 0; i < count; i++) {
        c.free += states[i] == STATE_FREE;
        c.reserved += states[i] == STATE_RESERVED;
        c.marked += states[i] >= STATE_NEW;
    }
    return c;
}

bool state_all_exist(const uint8_t *states, uint32_t count)
{
    bytes16 odd = {0};
    uint32_t i = 0;
    for (; i + LANES <= count; i += LANES)
        odd |= (bytes16)(*(const bytes16 *)(const void *)(states + i) > STATE_MARK_B);
    words2 w = (words2)odd;
    while (i < count && states[i] <= STATE_MARK_B)
        i++;
    return (w[0] | w[1]) == 0 && i == count;
}

uint32_t state_renew(uint8_t *states, uint32_t count, uint32_t all, bool unmarked)
{
    bytes16 *at = (bytes16 *)(void *)states;
    uint8_t last = unmarked ? STATE_NEW : STATE_MARK_B;
    bytes16 most = (bytes16){0} + last;
    uint32_t vectors = (count + LANES - 1) / LANES, free = 0;
    memset(states + count, STATE_FREE, all - count);
    while (vectors) {
        bytes16 free_lanes = {0};
        uint32_t batch = vectors < FLUSH_EVERY ? vectors : FLUSH_EVERY;
        for (uint32_t i = 0; i < batch; i++, at++) {
            bytes16 v = *at & ~(bytes16)(*at == STATE_RESERVED),
                    over = (bytes16)(v > most);
            *at = v = (v & ~over) | (most & over);
            free_lanes -= (bytes16)(v == STATE_FREE);
        }
        vectors -= batch;
        free += lane_sum(free_lanes);
    }
    return free - (LANES - count % LANES) % LANES;
}

/* While state_find_free and state_find_not_free look, other threads may change the states
 * of their objects from one that is not FREE to another; from and to FREE only under the
 * lock that the caller has. */
READS_RACING uint32_t state_find_free(const uint8_t *states, uint32_t from,
                                      uint32_t count)
{
    if (GC_TSAN) { /* ThreadSanitizer would watch memchr */
        while (from < count && states[from] != STATE_FREE)
            from++;
        return from;
    }
    const uint8_t *found = memchr(states + from, STATE_FREE, count - from);
    return found ? (uint32_t)(found - states) : count;
}

READS_RACING uint32_t state_find_not_free(const uint8_t *states, uint32_t from,
                                          uint32_t count)
{
    uint32_t i = from;
    for (; i % LANES != 0 && i < count; i++)
        if (states[i] != STATE_FREE)
            return i;
    for (; i + LANES <= count; i += LANES) {
        words2 w = *(const words2 *)(const void *)(states + i);
        if (w[0] | w[1])
            break;
    }
    while (i < count && states[i] == STATE_FREE)
        i++;
    return i;
}

/* Sweeps one vector: frees what is neither `mark` nor RESERVED.  A comparison's lanes are
 * 0 or -1, so subtracting them counts. */
static inline void sweep_vector(bytes16 *at, bytes16 mark, bytes16 *free_lanes,
                                bytes16 *marked_lanes, bytes16 *reclaimed_lanes)
{
    bytes16 v = *at;
    bytes16 marked = (bytes16)(v == mark);
    bytes16 kept = v & (marked | (bytes16)(v == STATE_RESERVED));
    *free_lanes -= (bytes16)(kept == STATE_FREE);
    *marked_lanes -= marked;
    *reclaimed_lanes -= (bytes16)(kept != v);
    *at = kept;
}

struct state_counts state_sweep(uint8_t *states, uint32_t count, uint8_t mark,
                                uint32_t *reclaimed)
{
    bytes16 *at = (bytes16 *)(void *)states;
    bytes16 marks = (bytes16){0} + mark;
    uint32_t vectors = (count + LANES - 1) / LANES;
    struct state_counts c = {0};
    *reclaimed = 0;
    while (vectors) {
        bytes16 free_lanes = {0}, marked_lanes = {0}, reclaimed_lanes = {0};
        uint32_t batch = vectors < FLUSH_EVERY ? vectors : FLUSH_EVERY;
        for (uint32_t i = 0; i < batch; i++)
            sweep_vector(at++, marks, &free_lanes, &marked_lanes, &reclaimed_lanes);
        vectors -= batch;
        c.free += lane_sum(free_lanes);
        c.marked += lane_sum(marked_lanes);
        *reclaimed += lane_sum(reclaimed_lanes);
    }
    c.free -= (LANES - count % LANES) % LANES;
    c.reserved = count - c.free - c.marked;
    return c;
}

/* A byte is nobody else's if it is `dead`.  Others change meanwhile: their owners free objects by hand. */
READS_RACING static uint32_t free_dead(uint8_t *states, uint32_t from, uint32_t to,
                                       uint8_t dead)
{
    uint32_t freed = 0;
    for (uint32_t i = from; i < to; i++) {
        if (RACING(states[i]) != dead)
            continue;
        __atomic_store_n(&states[i], STATE_FREE, __ATOMIC_RELAXED);
        freed++;
    }
    return freed;
}

READS_RACING struct state_found state_sweep_beside(uint8_t *states, uint32_t count,
                                                   uint8_t mark)
{
    struct state_found found = {0};
    uint8_t dead = mark ^ STATE_MARK_A ^ STATE_MARK_B;
    words2 new_lanes = {0};
    for (uint32_t i = 0; i < count; i += LANES) {
        bytes16 v = *(const bytes16 *)(const void *)(states + i);
        words2 dead_lanes = (words2)(v == dead);
        new_lanes |= (words2)(v == STATE_NEW);
        found.marked += lane_sum(-(bytes16)(v == mark));
        if (dead_lanes[0] | dead_lanes[1])
            found.freed += free_dead(states, i, i + LANES, dead);
    }
    found.some_new = (new_lanes[0] | new_lanes[1]) != 0;
    return found;
}
