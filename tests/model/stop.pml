/* Stopping the world: threads that run, park, are safe, are claimed, join and end, and any
 * of which may stop the others.  While a stop lasts nobody works in the heap, nobody holds
 * its lock, and each thread has said where its roots are; none is stuck afterwards.  A
 * thread may block the signal for a while by a system call of its own: then the collection
 * is put off, and so are later ones, at once, for as long as it does.
 *
 * Each statement below is one access to shared memory.  Waiting for a futex is waiting for
 * the word to change.  BROKEN names a rule that is left out; checking must then find an
 * error. */

#ifndef THREADS
#define THREADS 2
#endif

#define SAFETY_NONE 0
#define SAFETY_SAFE 1
#define SAFETY_CLAIMED 2
#define SAFETY_AWAITED 3

/* What may be left out. */
#define NOTHING 0
#define JOIN 1     /* a thread that begins to live waits for the end of a stop */
#define LEAVE 2    /* a thread leaves the safe state by compare-and-swap */
#define CLAIM 3    /* a stop claims the safe threads that it counts on */
#define RELEASE 4  /* a restart takes the claims back */
#define SECTIONS 5 /* a stop that arrives in a critical section is put off */
#define PUBLISH 6  /* a thread says where its roots are before it is safe */
#define PUT_OFF 7  /* who stops the world does nothing to the heap while a thread runs on */
#define RESTART 8  /* the claims are taken back also when the collection is put off */

#ifndef BROKEN
#define BROKEN NOTHING
#endif

#define ODD(number) ((number) & 1)

byte epoch;
bool world_lock;
bool heap_lock;
bool stopped; /* from the return of world_stop to the call of world_restart */

/* Of each thread. */
bool living[THREADS];
byte safety[THREADS];
bool sent[THREADS];              /* the signal is pending */
bool blocks[THREADS];            /* it takes no signals */
bool deaf[THREADS];              /* it did not stop when it was told last */
bool in_section[THREADS], deferred[THREADS];
bool published[THREADS];         /* it has not changed its roots since it told them */
byte ended;

/* ---- Safe ------------------------------------------------------------------------------ */

inline set_safe()
{
    if
    :: BROKEN == PUBLISH -> safety[me] = SAFETY_SAFE; published[me] = true
    :: else -> published[me] = true; safety[me] = SAFETY_SAFE
    fi
}

inline leave_safe()
{
    do
    :: BROKEN == LEAVE -> safety[me] != SAFETY_CLAIMED; safety[me] = SAFETY_NONE; break
    :: atomic { safety[me] == SAFETY_SAFE && BROKEN != LEAVE ->
            safety[me] = SAFETY_NONE }
        break
    :: atomic { safety[me] == SAFETY_CLAIMED && BROKEN != LEAVE ->
            safety[me] = SAFETY_AWAITED }
        safety[me] != SAFETY_AWAITED
    od
}

/* ---- Parking ------------------------------------------------------------------------- */

inline park()
{
    set_safe();
    do
    :: seen = epoch;
        if
        :: ODD(seen) -> epoch != seen
        :: else -> break
        fi
    od;
    leave_safe()
}

/* The signal's handler. */
inline arrive()
{
    sent[me] = false;
    if
    :: ODD(epoch) ->
        if
        :: in_section[me] && BROKEN != SECTIONS -> deferred[me] = true
        :: else ->
            if
            :: safety[me] == SAFETY_NONE -> park()
            :: else
            fi
        fi
    :: else
    fi
}

/* Between any two steps the signal may come, but not while signals are blocked. */
inline may_be_interrupted()
{
    if
    :: sent[me] && !blocks[me] -> arrive()
    :: true
    fi
}

/* ---- What threads do ------------------------------------------------------------------- */

inline work_in_the_heap()
{
    may_be_interrupted();
    atomic { assert(!stopped); published[me] = false }
}

inline section_begin()
{
    may_be_interrupted();
    in_section[me] = true
}

inline section_end()
{
    may_be_interrupted();
    in_section[me] = false;
    if
    :: deferred[me] -> deferred[me] = false; park()
    :: else
    fi
}

inline slow_path()
{
    section_begin();
    may_be_interrupted();
    atomic { !heap_lock -> heap_lock = true }
    work_in_the_heap();
    may_be_interrupted();
    heap_lock = false;
    section_end()
}

/* In a critical section; who must wait for the lock is safe meanwhile. */
inline take_world()
{
    section_begin();
    may_be_interrupted();
    if
    :: atomic { !world_lock -> world_lock = true }
    :: atomic { world_lock -> skip }
        set_safe();
        atomic { !world_lock -> world_lock = true }
        leave_safe()
    fi
}

inline let_world_go()
{
    world_lock = false;
    section_end()
}

/* It has stopped. */
inline claim(t)
{
    if
    :: atomic { safety[t] == SAFETY_SAFE ->
            if
            :: BROKEN != CLAIM -> safety[t] = SAFETY_CLAIMED
            :: else
            fi }
        has = true
    :: atomic { safety[t] >= SAFETY_CLAIMED -> has = true }
    :: atomic { safety[t] == SAFETY_NONE -> has = false }
    fi
}

/* One that did not stop, and still blocks the signal, is not told again. */
inline tell(t)
{
    if
    :: atomic { deaf[t] && blocks[t] && sent[t] -> all = false }
    :: atomic { else -> sent[t] = true }
    fi
}

inline each_is_told()
{
    i = 0;
    all = true;
    do
    :: i < THREADS ->
        if
        :: i != me && living[i] ->
            claim(i);
            if
            :: !has -> tell(i)
            :: else
            fi
        :: else
        fi;
        i++
    :: else -> break
    od
}

inline each_is_awaited()
{
    i = 0;
    do
    :: i < THREADS ->
        if
        :: i != me && living[i] ->
            do
            :: claim(i);
                if
                :: has -> deaf[i] = false; break
                :: else -> /* it may have begun to live since the others were told */
                    if
                    :: deaf[i]
                    :: !deaf[i] -> sent[i] = true
                    fi;
                    if
                    :: safety[i] != SAFETY_NONE
                    :: atomic { safety[i] == SAFETY_NONE && blocks[i] && sent[i] ->
                            deaf[i] = true;
                            all = false }
                        break
                    fi
                fi
            od
        :: else
        fi;
        i++
    :: else -> break
    od
}

inline claims_are_released()
{
    i = 0;
    do
    :: i < THREADS ->
        atomic {
            if
            :: safety[i] >= SAFETY_CLAIMED && BROKEN != RELEASE -> safety[i] = SAFETY_SAFE
            :: else
            fi
        }
        i++
    :: else -> break
    od
}

inline collect()
{
    take_world();
    epoch++;
    each_is_told();
    each_is_awaited();
    if
    :: all || BROKEN == PUT_OFF ->
        atomic {
            stopped = true;
            assert(!heap_lock);
            i = 0;
            do
            :: i < THREADS -> assert(i == me || !living[i] || published[i]); i++
            :: else -> break
            od
        }
        stopped = false
    :: else
    fi;
    if
    :: all || BROKEN != RESTART -> claims_are_released()
    :: else
    fi;
    epoch++;
    let_world_go()
}

inline join()
{
    safety[me] = SAFETY_SAFE;
    published[me] = true;
    living[me] = true;
    do
    :: seen = epoch;
        if
        :: ODD(seen) && BROKEN != JOIN -> epoch != seen
        :: else -> break
        fi
    od;
    leave_safe()
}

proctype thread(byte me)
{
    byte i, seen, turns = TURNS;
    bool has, all;
    join();
    do
    :: turns > 0 ->
        turns--;
        if
        :: work_in_the_heap()
        :: slow_path()
        :: collect()
        :: set_safe(); leave_safe() /* gc_blocking_begin and _end */
        :: blocks[me] = !blocks[me]
        fi
    :: turns == 0 -> break
    od;
    take_world();
    living[me] = false;
    let_world_go();
    ended++
}

init
{
    byte t = 0;
    atomic {
        do
        :: t < THREADS -> run thread(t); t++
        :: else -> break
        od
    }
    ended == THREADS
}
