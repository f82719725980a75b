/* Regions: brackets, the gate, collections and the deaths of processes, at any access to what they share.
 * No object is reclaimed while a bracket uses it, no slot is handed out twice, nobody waits for ever, and
 * who goes on finds everything sound.
 *
 * Each statement below is one access to shared memory, and a process may die before any of them.  The lists
 * of the heap are one, of free slots, under one lock.  BROKEN names a rule that is left out; checking must
 * then find an error. */

#define PROCESSES 2
#define SLOTS 2
#ifndef TURNS
#define TURNS 2 /* operations of each process */
#endif
#define NONE 15

#define FREE 0
#define RESERVED 1
#define NEW 2

#define NOTHING 0
#define LINE_FIRST 1 /* a bracket stores to its line before it looks at the gate */
#define BRACKETS 2   /* a collection waits for the end of brackets */
#define EPOCH 3      /* a cache holds nothing after a collection */
#define INHERIT 4    /* who takes a lock from the dead makes the list anew */
#define ORPHAN 5     /* a gate that a dead process closed is opened after a collection only */

#ifndef BROKEN
#define BROKEN NOTHING
#endif

byte state[SLOTS];
bool listed[SLOTS] = true;
bool torn; /* the list is between two states */
bool given[SLOTS]; /* it is somebody's object, which knows nothing of states */
byte root = NONE;

bool inside[PROCESSES], dead[PROCESSES];
byte gate, collecting, lock; /* who has it, plus 1; 0: nobody */
byte epoch;

#define LIVES(who) (!dead[(who) - 1]) /* by number plus 1 */
#define STEP(access) atomic { access }
#define STEP_IF(condition, access) atomic { (condition) -> access }

/* The list says just which slots are FREE. */
inline make_list()
{
    STEP(torn = true; n = 0);
    do
    :: STEP_IF(n < SLOTS, listed[n] = (state[n] == FREE); n++)
    :: STEP_IF(n == SLOTS, n = 0; torn = false) -> break
    od
}

inline take_lock()
{
    if
    :: STEP_IF(lock == 0, lock = me + 1)
    :: STEP_IF(lock != 0 && !LIVES(lock), lock = me + 1);
        if
        :: BROKEN != INHERIT -> make_list()
        :: else
        fi
    fi
}

/* With the gate closed, and brackets over; what the caller's own thread holds does not count. */
inline collect_alone()
{
    STEP(epoch = (epoch + 1) % 4);
    n = 0;
    do
    :: STEP_IF(n < SLOTS && state[n] == RESERVED, state[n] = FREE; n++)
    :: STEP_IF(n < SLOTS && state[n] != RESERVED, n++)
    :: STEP_IF(n == SLOTS, n = 0) -> break
    od;
    do
    :: STEP_IF(n < SLOTS && state[n] == NEW && root != n, state[n] = FREE; given[n] = false; n++)
    :: STEP_IF(n < SLOTS && (state[n] != NEW || root == n), n++)
    :: STEP_IF(n == SLOTS, lock = 0) -> break
    od;
    make_list()
}

/* Nobody waits for who collects: the collection is left out then. */
inline collect()
{
    if
    :: STEP_IF(collecting == 0 || !LIVES(collecting), collecting = me + 1);
        STEP(gate = me + 1);
        if
        :: BROKEN == BRACKETS
        :: else -> STEP_IF(!inside[1 - me] || dead[1 - me], skip)
        fi;
        collect_alone();
        STEP(gate = 0);
        STEP(collecting = 0)
    :: STEP_IF(collecting != 0 && LIVES(collecting), skip)
    fi
}

inline wait_at_gate()
{
    if
    :: STEP_IF(gate == 0, skip)
    :: STEP_IF(gate != 0 && !LIVES(gate), skip);
        if
        :: BROKEN == ORPHAN -> STEP(gate = 0)
        :: else -> collect()
        fi
    fi
}

inline begin()
{
    if
    :: BROKEN == LINE_FIRST ->
        do
        :: STEP_IF(gate == 0, skip) -> break
        :: STEP_IF(gate != 0, skip); wait_at_gate()
        od;
        STEP(inside[me] = true)
    :: else ->
        do
        :: STEP(inside[me] = true);
            if
            :: STEP_IF(gate == 0, skip) -> break
            :: STEP_IF(gate != 0, inside[me] = false); wait_at_gate()
            fi
        od
    fi;
    STEP(if :: mine != epoch && BROKEN != EPOCH -> cache = NONE :: else fi; mine = epoch)
}

/* A slot of the cache, which is filled if it has none; the object is then in the root, or forgotten. */
inline allocate()
{
    if
    :: STEP_IF(cache == NONE, skip);
        take_lock();
        STEP(assert(!torn); n = 0);
        do
        :: STEP_IF(n < SLOTS && !listed[n], n++)
        :: STEP_IF(n == SLOTS || listed[n], skip) -> break
        od;
        if
        :: STEP_IF(n < SLOTS, torn = true; listed[n] = false);
            STEP(torn = false; state[n] = RESERVED);
            STEP(cache = n)
        :: STEP_IF(n == SLOTS, skip)
        fi;
        STEP(lock = 0)
    :: STEP_IF(cache != NONE, skip)
    fi;
    if
    :: STEP_IF(cache != NONE, held = cache; cache = NONE);
        STEP(assert(!given[held]); given[held] = true; state[held] = NEW);
        if
        :: STEP(root = held)
        :: STEP(skip)
        fi;
        STEP(assert(given[held]); held = NONE)
    :: STEP(skip) /* what the cache has stays there */
    fi
}

inline look()
{
    STEP(held = root);
    STEP(assert(held == NONE || given[held]); held = NONE)
}

proctype process(byte me)
{
    byte n, i, cache = NONE, held = NONE, mine = 0;
    {
    do
    :: i < TURNS ->
        i++;
        if
        :: begin();
            if
            :: allocate()
            :: look()
            fi;
            STEP(inside[me] = false)
        :: collect()
        fi
    :: i == TURNS -> break
    od
    } unless { dead[me] }
}

/* One of them dies at some time, or none. */
proctype death()
{
    if
    :: dead[0] = true
    :: dead[1] = true
    :: skip
    fi
}

/* When all that live have ended the next to come collects, and finds what is right. */
init
{
    byte n, me;
    atomic { run process(0); run process(1); run death() };
    atomic { _nr_pr == 1 -> me = (dead[0] -> 1 : 0) };
    collect();
    n = 0;
    do
    :: n < SLOTS ->
        assert((state[n] == NEW) == (root == n) && listed[n] == (state[n] == FREE));
        n++
    :: else -> break
    od;
    assert(!torn && gate == 0)
}
