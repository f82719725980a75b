/* Marking beside the program, and young cycles, from the pages that were written: nothing that the program can reach
 * is ever free.  Slots 0 and 1 are a tenured block, which is protected; slots 2 and 3 are one that is not.  A thread of
 * the program loads, stores, allocates and frees by hand; a collector stops it for a full cycle, a
 * young one, or the two stops of a cycle that is marked beside it; a marker works between these, under the world
 * lock, a step at a time; and what was found dead in the tenured block is swept later.
 *
 * Each statement below is one access to shared memory.  The kernel notes a write to a protected page before
 * the write is done, so both are one.  BROKEN names a rule that is left out; checking must then find
 * an error. */

/* What may be left out. */
#define NOTHING 0
#define ROOTS 1    /* the second stop looks at the roots again */
#define WRITTEN 2  /* cycles that remember scan the marked objects of pages that were written */
#define OTHERS 3   /* and those of blocks that are not protected */
#define ORDER 4    /* a page is protected again before it is scanned, not after */
#define PROTECT 5  /* pages are protected before the first object is scanned */
#define SWAP 6     /* beside the program an object is marked by compare-and-swap */
#define LEFT 7     /* all is swept before another cycle begins */
#define YOUNGER 8  /* what is NEW in a block that is swept later stays */
#define LOCK 9     /* a stop waits for the end of a marker's step */

#ifndef BROKEN
#define BROKEN NOTHING
#endif
#ifndef TURNS
#define TURNS 6
#endif
#ifndef CYCLES
#define CYCLES 2
#endif

#define SLOTS 4
#define NIL SLOTS
#define PAGE(slot) ((slot) / 2)
#define TENURED(slot) ((slot) < 2)

#define FREE 0
#define NEW 1
/* 2 and 3: the mark of this cycle, and that of the cycle before. */
#define OLD_MARK (5 - mark)

byte state[SLOTS];
byte field[SLOTS]; /* one word in each object, which may point to another */
bool grey[SLOTS];
bool written[2];
byte mark = 2;

byte a = NIL, b = NIL; /* the thread's registers */
byte hand = NIL;       /* a slot that it freed, and will have again */

bool stopped, world_lock;
bool marking; /* between the two stops */
bool swept_later = true; /* nothing is left to be swept */
byte ended;

/* ---- The program ------------------------------------------------------------------------ */

#define RUNS !stopped

inline take(slot)
{
    state[slot] = NEW;
    field[slot] = NIL;
    a = slot
}

proctype program()
{
    byte turn;

    do
    :: turn < TURNS ->
        turn++;
        if
        :: atomic { RUNS && hand != NIL -> assert(state[hand] == FREE); take(hand); hand = NIL }
        :: atomic { RUNS && hand != 0 && state[0] == FREE -> take(0) }
        :: atomic { RUNS && hand != 1 && state[1] == FREE -> take(1) }
        :: atomic { RUNS && hand != 2 && state[2] == FREE -> take(2) }
        :: atomic { RUNS && hand != 3 && state[3] == FREE -> take(3) }
        :: atomic { RUNS -> b = a }
        :: atomic { RUNS -> a = b }
        :: atomic { RUNS -> a = NIL }
        :: atomic { RUNS && a != NIL -> b = field[a] }
        :: atomic { RUNS && a != NIL -> written[PAGE(a)] = true; field[a] = b }
        :: atomic { RUNS && b != NIL -> written[PAGE(b)] = true; field[b] = a }
        :: atomic { RUNS && b != NIL -> written[PAGE(b)] = true; field[b] = NIL }
        :: atomic { RUNS && a != NIL && hand == NIL && a != b &&
                    !(state[0] != FREE && field[0] == a) && !(state[1] != FREE && field[1] == a) &&
                    !(state[2] != FREE && field[2] == a) && !(state[3] != FREE && field[3] == a) ->
                state[a] = FREE; hand = a; a = NIL }
        fi
    :: else -> break
    od;
    ended++
}

/* ---- Marking ---------------------------------------------------------------------------- */

#define IS_UNMARKED(s) ((s) == NEW || (s) == OLD_MARK)

/* While nothing else runs. */
inline shade(slot)
{
    if
    :: slot != NIL && IS_UNMARKED(state[slot]) -> state[slot] = mark; grey[slot] = true
    :: else
    fi
}

inline shade_roots()
{
    shade(a);
    shade(b)
}

/* Has a marked object scanned again. */
inline shade_again(slot)
{
    if
    :: state[slot] == mark -> grey[slot] = true
    :: else
    fi
}

inline forget_grey()
{
    grey[0] = false;
    grey[1] = false;
    grey[2] = false;
    grey[3] = false
}

inline drain_stopped()
{
    do
    :: grey[0] -> grey[0] = false; shade(field[0])
    :: grey[1] -> grey[1] = false; shade(field[1])
    :: grey[2] -> grey[2] = false; shade(field[2])
    :: grey[3] -> grey[3] = false; shade(field[3])
    :: else -> break
    od
}

/* What old objects may have come to point to. */
inline remember()
{
    if
    :: written[0] && BROKEN != WRITTEN -> shade_again(0); shade_again(1)
    :: else
    fi;
    written[0] = false;
    if
    :: BROKEN != OTHERS -> shade_again(2); shade_again(3)
    :: else
    fi
}

/* A marker's scan of one object, while the program runs. */
inline scan(slot)
{
    grey[slot] = false;
    target = field[slot];
    if
    :: target != NIL ->
        seen = state[target];
        if
        :: IS_UNMARKED(seen) && BROKEN == SWAP -> state[target] = mark; grey[target] = true
        :: atomic { IS_UNMARKED(seen) && BROKEN != SWAP ->
                if
                :: state[target] == seen -> state[target] = mark; grey[target] = true
                :: else
                fi }
        :: else
        fi
    :: else
    fi
}

/* Protects the page again, and has what is marked there scanned again. */
inline ask_again()
{
    if
    :: written[0] && BROKEN != ORDER -> written[0] = false; shade_again(0); shade_again(1)
    :: written[0] && BROKEN == ORDER -> shade_again(0); shade_again(1);
        scan(0);
        scan(1);
        written[0] = false
    :: else
    fi
}

proctype marker()
{
    byte target, seen;
    bool protected;

    do
    :: atomic { !world_lock && marking -> world_lock = true }
        if
        :: !protected && BROKEN != PROTECT -> written[0] = false; protected = true
        :: else ->
            if
            :: grey[0] -> scan(0)
            :: grey[1] -> scan(1)
            :: grey[2] -> scan(2)
            :: grey[3] -> scan(3)
            :: !protected -> written[0] = false; protected = true
            :: protected -> ask_again()
            :: true
            fi
        fi;
        world_lock = false
    :: atomic { !marking && protected -> protected = false }
    :: ended == 2 -> break
    od
}

/* ---- What must hold ------------------------------------------------------------------------ */

hidden byte found[SLOTS];
hidden byte round;

inline reach(slot)
{
    if
    :: slot != NIL -> found[slot] = 1
    :: else
    fi
}

inline reach_from(slot)
{
    if
    :: found[slot] == 1 -> assert(state[slot] != FREE); reach(field[slot])
    :: else
    fi
}

/* As an atomic step. */
inline check_reachable()
{
    found[0] = 0;
    found[1] = 0;
    found[2] = 0;
    found[3] = 0;
    reach(a);
    reach(b);
    round = 0;
    do
    :: round < SLOTS -> round++; reach_from(0); reach_from(1); reach_from(2); reach_from(3)
    :: else -> break
    od;
    round = 0
}

/* ---- Sweeping ---------------------------------------------------------------------------- */

inline sweep_slot(slot)
{
    if
    :: IS_UNMARKED(state[slot]) && !TENURED(slot) -> state[slot] = FREE
    :: else
    fi
}

/* In the stop of a full cycle. */
inline sweep_all()
{
    if
    :: IS_UNMARKED(state[0]) -> state[0] = FREE
    :: else
    fi;
    if
    :: IS_UNMARKED(state[1]) -> state[1] = FREE
    :: else
    fi;
    sweep_slot(2);
    sweep_slot(3)
}

/* After the restart: only the mark of the cycle before is known to be dead. */
inline sweep_later(slot)
{
    seen = state[slot];
    if
    :: seen == OLD_MARK || (seen == NEW && BROKEN == YOUNGER) ->
        d_step { state[slot] = FREE; check_reachable() }
    :: else
    fi
}

/* ---- The stops --------------------------------------------------------------------------- */

inline stop()
{
    atomic {
        (!world_lock || BROKEN == LOCK) && (swept_later || BROKEN == LEFT) ->
        world_lock = true;
        stopped = true;
        hand = NIL
    }
}

inline restart()
{
    atomic { stopped = false; world_lock = false }
}

inline full_cycle()
{
    stop();
    d_step {
        mark = OLD_MARK;
        forget_grey();
        shade_roots()
    }
    d_step { drain_stopped() }
    d_step { sweep_all(); written[0] = false; check_reachable() }
    restart()
}

inline young_cycle()
{
    stop();
    d_step { forget_grey(); shade_roots(); remember() }
    d_step { drain_stopped() }
    d_step { sweep_slot(2); sweep_slot(3); check_reachable() }
    restart()
}

/* The second stop comes at any time. */
inline beside_cycle()
{
    stop();
    d_step { mark = OLD_MARK; forget_grey(); shade_roots(); marking = true }
    restart();
    stop();
    d_step {
        if
        :: BROKEN != ROOTS -> shade_roots()
        :: else
        fi;
        remember()
    }
    d_step { drain_stopped() }
    d_step { sweep_slot(2); sweep_slot(3); marking = false; swept_later = false; check_reachable() }
    restart();
}

proctype collector()
{
    byte cycle;

    do
    :: cycle < CYCLES ->
        cycle++;
        if
        :: full_cycle()
        :: young_cycle()
        :: beside_cycle()
        fi
    :: else -> break
    od;
    ended++
}

proctype sweeper()
{
    byte seen;

    do
    :: !swept_later ->
        sweep_later(0);
        sweep_later(1);
        swept_later = true
    :: swept_later && ended == 2 -> break
    od
}

init {
    atomic {
        field[0] = NIL;
        field[1] = NIL;
        field[2] = NIL;
        field[3] = NIL;
        run program();
        run collector();
        run marker();
        run sweeper()
    }
}
