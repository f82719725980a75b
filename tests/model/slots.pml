/* The states of slots under allocation, free, refill, stop and sweep, by two mutators and
 * a collector: no slot is handed out twice, no reachable one is reclaimed, none is lost.
 *
 * Each statement below is one access to shared memory, and a thread may be stopped between
 * any two of them, unless it is in a critical section: then the collector waits for it.
 * BROKEN names a rule that is left out; checking must then find an error. */

#define SLOTS 4
#define MAGAZINE 2 /* slots of a magazine */
#define RUN 2      /* slots of a run, at most */
#define NONE 15

#define FREE 0
#define RESERVED 1
#define NEW 2
#define MARK_A 3
#define MARK_B 4

/* What may be left out. */
#define NOTHING 0
#define FREE_ORDER 1  /* gc_free: the state becomes RESERVED before the slot is listed */
#define FAST_CACHES 2 /* a pause leaves the cache of a thread in its fast path alone */
#define SECTIONS 3    /* a stop waits for the end of a critical section */
#define LAST_ROOT 4   /* the address stays in a register until the last store of gc_free */
#define LOCK 5        /* refills and spills take the lock */

#ifndef BROKEN
#define BROKEN NOTHING
#endif

byte state[SLOTS];
byte mark = MARK_A;

/* The program: what each thread has in a register, what lies in a static variable. */
byte held[2] = NONE;
byte cell = NONE;
bool given[SLOTS]; /* it is the program's, which knows nothing of states */

/* A cache for each thread: a run [cur, end), a magazine. */
byte cur[2], end[2], count[2];
byte magazine[4]; /* [thread * MAGAZINE + i] */

bool lock;
bool stopping;
bool in_section[2], in_fast_path[2];
byte finished;

/* A step of thread `me`: only while it may run. */
#define MAY_RUN (!stopping || in_section[me])
#define STEP(access) atomic { MAY_RUN -> access }
#define STEP_IF(condition, access) atomic { MAY_RUN && (condition) -> access }

inline take_slot(s)
{
    assert(!given[s]);
    given[s] = true
}

/* The fast path of gc_alloc; held[me] stays NONE if the cache has nothing. */
inline alloc_fast()
{
    STEP(in_fast_path[me] = true; n = count[me]);
    if
    :: n > 0 ->
        STEP(held[me] = magazine[me * MAGAZINE + n - 1]);
        STEP(count[me] = n - 1);
        STEP(state[held[me]] = NEW; take_slot(held[me]))
    :: else ->
        STEP(n = cur[me]);
        if
        :: n < end[me] ->
            STEP(held[me] = n; cur[me] = n + 1);
            STEP(state[n] = NEW; take_slot(n))
        :: else
        fi
    fi;
    STEP(in_fast_path[me] = false)
}

inline enter()
{
    STEP(in_section[me] = true);
    STEP_IF(!lock || BROKEN == LOCK, lock = true)
}

inline leave()
{
    STEP(lock = false);
    STEP(in_section[me] = false)
}

/* The next run becomes RESERVED, slot by slot. */
inline refill()
{
    enter();
    if
    :: STEP_IF(cur[me] == end[me], n = 0);
        do
        :: STEP_IF(n < SLOTS && state[n] != FREE, n++)
        :: STEP_IF(n == SLOTS || state[n] == FREE, cur[me] = n; end[me] = n) -> break
        od;
        do
        :: STEP_IF(n < SLOTS && n < cur[me] + RUN && state[n] == FREE, skip);
            STEP(state[n] = RESERVED);
            STEP(n++; end[me] = n)
        :: STEP_IF(n == SLOTS || n == cur[me] + RUN || state[n] != FREE, skip) -> break
        od
    :: STEP_IF(cur[me] != end[me], skip)
    fi;
    leave()
}

/* The older half of a full magazine becomes FREE. */
inline spill()
{
    enter();
    if
    :: STEP_IF(count[me] == MAGAZINE, state[magazine[me * MAGAZINE]] = FREE);
        STEP(magazine[me * MAGAZINE] = magazine[me * MAGAZINE + 1]; count[me] = 1)
    :: STEP_IF(count[me] != MAGAZINE, skip)
    fi;
    leave()
}

/* The fast path of gc_free; done: it was not full. */
inline free_fast()
{
    STEP(in_fast_path[me] = true; n = count[me]);
    if
    :: n < MAGAZINE ->
        STEP(s = held[me]; given[s] = false);
        assert(state[s] >= NEW);
        if
        :: BROKEN == FREE_ORDER ->
            STEP(magazine[me * MAGAZINE + n] = s);
            STEP(count[me] = n + 1; held[me] = NONE);
            STEP(state[s] = RESERVED)
        :: BROKEN == LAST_ROOT ->
            STEP(held[me] = NONE);
            STEP(state[s] = RESERVED);
            STEP(magazine[me * MAGAZINE + n] = s);
            STEP(count[me] = n + 1)
        :: else ->
            STEP(state[s] = RESERVED);
            STEP(magazine[me * MAGAZINE + n] = s);
            STEP(count[me] = n + 1);
            STEP(held[me] = NONE)
        fi
    :: else
    fi;
    STEP(in_fast_path[me] = false)
}

proctype mutator(byte me)
{
    byte n, s, turns = TURNS;
    do
    :: turns > 0 ->
        turns--;
        if
        :: held[me] == NONE ->
            alloc_fast();
            if
            :: held[me] == NONE -> refill()
            :: else
            fi
        :: held[me] != NONE ->
            free_fast();
            if
            :: held[me] != NONE -> spill()
            :: else
            fi
        :: STEP_IF(held[me] != NONE, given[held[me]] = false; held[me] = NONE)
        :: STEP_IF(held[me] != NONE && cell == NONE, cell = held[me]; held[me] = NONE)
        :: STEP_IF(held[me] == NONE && cell != NONE, held[me] = cell; cell = NONE)
        fi
    :: turns == 0 -> break
    od;
    if
    :: STEP_IF(held[me] != NONE, given[held[me]] = false; held[me] = NONE)
    :: STEP_IF(held[me] == NONE, skip)
    fi;
    STEP(finished++)
}

/* What a word leads to is marked if it is the program's. */
inline mark_word(w)
{
    if
    :: w != NONE && state[w] >= NEW -> state[w] = mark
    :: else
    fi
}

inline empty_cache(t)
{
    do
    :: count[t] > 0 -> count[t]--; state[magazine[t * MAGAZINE + count[t]]] = FREE
    :: count[t] == 0 -> break
    od;
    do
    :: cur[t] < end[t] -> state[cur[t]] = FREE; cur[t]++
    :: cur[t] == end[t] -> break
    od
}

/* One pause: nobody else runs, so it may be one step. */
inline pause()
{
    assert(!lock); /* it takes it, or would wait for a thread that is stopped */
    if
    :: !in_fast_path[0] || BROKEN == FAST_CACHES -> empty_cache(0)
    :: true
    fi;
    if
    :: !in_fast_path[1] || BROKEN == FAST_CACHES -> empty_cache(1)
    :: true
    fi;
    mark = MARK_A + MARK_B - mark;
    mark_word(held[0]);
    mark_word(held[1]);
    mark_word(cell);
    i = 0;
    do
    :: i < SLOTS ->
        if
        :: state[i] >= NEW && state[i] != mark ->
            assert(!given[i]);
            state[i] = FREE
        :: else
        fi;
        i++
    :: i == SLOTS -> break
    od
}

proctype collector()
{
    byte i, cycles = CYCLES;
    do
    :: cycles > 0 ->
        cycles--;
        stopping = true;
        atomic {
            BROKEN == SECTIONS || (!in_section[0] && !in_section[1]) ->
            pause();
            stopping = false
        }
    :: true -> break
    od;
    finished == 2;
    atomic {
        if
        :: cell != NONE -> given[cell] = false; cell = NONE
        :: else
        fi;
        empty_cache(0);
        empty_cache(1);
        pause();
        i = 0;
        do
        :: i < SLOTS -> assert(state[i] == FREE); i++
        :: i == SLOTS -> break
        od
    }
}

init
{
    atomic { run mutator(0); run mutator(1); run collector() }
}
