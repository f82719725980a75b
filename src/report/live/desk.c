/* One word says whose turn it is; the rest is used by that thread. */
#include "report/live/desk.h"

#include <string.h>

#include "base/futex.h"
#include "base/log.h"
#include "report/live/requests.h"
#include "world/own.h"
#include "world/self.h"
#include "world/signals.h"
#include "world/thread.h"

/* ENDING is set beside one of the others: the thread ends once it has done what it is at. */
enum { NONE, READY, ASKED, ANSWERED, GONE, TURNS = 7, ENDING = 8 };

enum { DESK_STACK_BYTES = 1 << 20 }; /* libdw reads debugging information on it */

static struct {
    uint32_t turn;       /* atomic */
    const char *request; /* NULL: it is to complain */
    bool known;
    struct answer_text answer;
    const char *complaint;
    int error;
} desk PRIVATE_DATA;

static uint32_t now(void)
{
    return __atomic_load_n(&desk.turn, __ATOMIC_SEQ_CST);
}

/* Hands the turn over; false: it was not `from`'s. */
static bool change(uint32_t from, uint32_t to)
{
    uint32_t word = now();
    while ((word & TURNS) == from)
        if (__atomic_compare_exchange_n(&desk.turn, &word, (word & ENDING) | to, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return futex_wake(&desk.turn, INT_MAX), true;
    return false;
}

/* What has registered the thread for a request leaves it registered. */
static void work(void)
{
    desk.known = requests_answer(desk.request, &desk.answer);
    if (thread_self)
        thread_detach();
    signals_block(NULL);
}

static void complain(void)
{
    log_line("control: %s: %s; nobody can ask this process", desk.complaint,
             strerror(desk.error));
}

static void *attend(void *unused)
{
    own_begin();
    thread_inside++;
    for (uint32_t word; !((word = now()) & ENDING);) {
        if (word != ASKED) {
            futex_wait(&desk.turn, word, 0);
        } else if (!desk.request) {
            complain();
            break;
        } else {
            work();
            change(ASKED, ANSWERED);
        }
    }
    thread_inside--;
    __atomic_store_n(&desk.turn, GONE, __ATOMIC_SEQ_CST);
    futex_wake(&desk.turn, INT_MAX);
    return unused;
}

bool desk_begin(void)
{
    __atomic_store_n(&desk.turn, READY, __ATOMIC_SEQ_CST);
    if (own_start_with(attend, NULL, DESK_STACK_BYTES))
        return true;
    __atomic_store_n(&desk.turn, NONE, __ATOMIC_SEQ_CST);
    return false;
}

bool desk_ask(const char *request, bool *known)
{
    desk.request = request;
    if (!change(READY, ASKED))
        return false;
    for (uint32_t word; ((word = now()) & TURNS) == ASKED;)
        futex_wait(&desk.turn, word, 0);
    *known = desk.known;
    return (now() & TURNS) == ANSWERED;
}

const struct answer_text *desk_answer(void)
{
    return &desk.answer;
}

void desk_take_back(void)
{
    answer_clear(&desk.answer);
    change(ANSWERED, READY);
}

void desk_complain(const char *why, int error)
{
    desk.request = NULL;
    desk.complaint = why;
    desk.error = error;
    change(READY, ASKED);
}

void desk_ask_to_end(void)
{
    if (now() == NONE)
        return;
    __atomic_fetch_or(&desk.turn, ENDING, __ATOMIC_SEQ_CST);
    futex_wake(&desk.turn, INT_MAX);
}

void desk_has_ended(void)
{
    __atomic_store_n(&desk.turn, NONE, __ATOMIC_SEQ_CST);
}

/* The parent's answer was being written, perhaps: it is left where it is. */
void desk_forked(void)
{
    desk_has_ended();
    desk.answer = (struct answer_text){0};
}
