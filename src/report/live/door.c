/* One after the other is served, each for a limited time.  A signal that this thread alone gets, and blocks, ends
 * whatever it waits for. */
#include "report/live/door.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/futex.h"
#include "base/local.h"
#include "base/os.h"
#include "base/proc.h"
#include "base/sys.h"
#include "report/live/desk.h"
#include "report/live/protocol.h"
#include "world/own.h"
#include "world/self.h"

/* Nobody sends it; it waits in no queue, so that it always comes. */
enum { ALARM_SIGNAL = SIGSTKFLT };

enum { MILLISECOND = 1000000 }; /* nanoseconds */

/* Of a request, of an answer, for who starts the thread, and between two looks where the system has refused something. */
#define REQUEST_WITHIN (2000 * (uint64_t)MILLISECOND)
#define ANSWER_WITHIN (30000 * (uint64_t)MILLISECOND)
#define OPEN_WITHIN (1000 * (uint64_t)MILLISECOND)
#define REST (100 * (uint64_t)MILLISECOND)

static struct {
    pid_t tid;   /* from when the alarm works on.  Atomic */
    bool ending; /* atomic */
    int alarm, listening;
    uint32_t tried; /* to open it: 1, whatever came of it.  Atomic */
} door PRIVATE_DATA;

static bool is_ending(void)
{
    return __atomic_load_n(&door.ending, __ATOMIC_SEQ_CST);
}

/* ---- A request ----------------------------------------------------------------------------------------- */

/* A process that hides its memory from its own user, too, answers root alone. */
static bool may_ask(int client)
{
    uid_t user;
    if (!local_peer(client, &user))
        return false;
    return user == 0 || (user == (uid_t)syscall(SYS_geteuid) &&
                         syscall(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
}

/* Reads a line.  false: none came, or what is too long. */
static bool read_request(int client, char request[LIVE_REQUEST_MOST])
{
    uint64_t until = os_now() + REQUEST_WITHIN;
    size_t length = 0;
    while (local_wait(client, LOCAL_INPUT, door.alarm, until) == LOCAL_READY) {
        ssize_t n = local_receive(client, request + length, LIVE_REQUEST_MOST - length);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0)
            return false;
        char *end = memchr(request + length, '\n', (size_t)n);
        length += (size_t)n;
        if (end)
            return *end = '\0', true;
        if (length == LIVE_REQUEST_MOST)
            return false;
    }
    return false;
}

static bool send_all(int client, const char *bytes, size_t count, uint64_t until)
{
    for (size_t sent = 0; sent < count;) {
        if (local_wait(client, LOCAL_ROOM, door.alarm, until) != LOCAL_READY)
            return false;
        ssize_t n = local_send(client, bytes + sent, count - sent);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void send_answer(int client, bool known, const char *text, size_t count)
{
    char line[64];
    uint64_t until = os_now() + ANSWER_WITHIN;
    int length = snprintf(line, sizeof line, LIVE_ANSWER, known ? "ok" : "no", count);
    if (send_all(client, line, (size_t)length, until))
        send_all(client, text, count, until);
}

static void refuse(int client, const char *why)
{
    send_answer(client, false, why, strlen(why));
}

static void answer(int client, const char *request)
{
    bool known;
    if (!desk_ask(request, &known))
        return;
    const struct answer_text *a = desk_answer();
    if (a->cut)
        refuse(client, "there is no memory for the answer");
    else
        send_answer(client, known, a->text, a->used);
    desk_take_back();
}

static void serve(int client)
{
    char request[LIVE_REQUEST_MOST];
    if (!may_ask(client))
        refuse(client, "it answers its own user only");
    else if (read_request(client, request))
        answer(client, request);
}

/* ---- The thread ---------------------------------------------------------------------------------------- */

/* On failure errno and the result say why nobody can come. */
static const char *open_door(void)
{
    char stat[1024], name[LIVE_NAME_MOST];
    if (!local_begin_table())
        return "there is no table of descriptors to be had (Linux 5.9)";
    door.alarm = local_alarm(ALARM_SIGNAL);
    if (door.alarm < 0)
        return "there is no signalfd to be had";
    __atomic_store_n(&door.tid, gettid(), __ATOMIC_SEQ_CST);
    errno = ENOENT;
    if (proc_read("self/stat", stat, sizeof stat) < 0 || !live_name(name, getpid(), stat))
        return "/proc cannot be read";
    door.listening = local_listen(name);
    return door.listening < 0 ? "there is no socket to be had" : NULL;
}

/* Where a client has gone already, or the system lacks something, there is another one. */
static void serve_next(void)
{
    int client = local_accept(door.listening);
    if (client < 0) {
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
            futex_rest(REST);
        return;
    }
    serve(client);
    sys_close(client);
}

/* A signal for the process, which no thread takes, looks as the alarm does. */
static void *keep_door(void *unused)
{
    own_begin();
    thread_inside++;
    const char *why = open_door();
    if (why)
        desk_complain(why, errno);
    __atomic_store_n(&door.tried, 1, __ATOMIC_SEQ_CST);
    futex_wake(&door.tried, 1);
    while (!why && !is_ending()) {
        enum local_wait w =
            local_wait(door.listening, LOCAL_INPUT, door.alarm, UINT64_MAX);
        if (w == LOCAL_READY)
            serve_next();
        else if (!is_ending())
            futex_rest(REST);
    }
    thread_inside--;
    __atomic_store_n(&door.tid, 0, __ATOMIC_SEQ_CST);
    return unused;
}

bool door_begin(void)
{
    uint64_t until = os_now() + OPEN_WITHIN;
    __atomic_store_n(&door.ending, false, __ATOMIC_SEQ_CST);
    __atomic_store_n(&door.tried, 0, __ATOMIC_SEQ_CST);
    if (!own_start(keep_door, NULL))
        return false;
    while (!__atomic_load_n(&door.tried, __ATOMIC_SEQ_CST) && os_now() < until)
        futex_wait(&door.tried, 0, OPEN_WITHIN);
    return true;
}

void door_ask_to_end(void)
{
    __atomic_store_n(&door.ending, true, __ATOMIC_SEQ_CST);
    pid_t tid = __atomic_load_n(&door.tid, __ATOMIC_SEQ_CST);
    if (tid)
        syscall(SYS_tgkill, getpid(), tid, ALARM_SIGNAL);
}

void door_has_ended(void)
{
    __atomic_store_n(&door.tid, 0, __ATOMIC_SEQ_CST);
}

void door_forked(void)
{
    door_has_ended();
    __atomic_store_n(&door.ending, false, __ATOMIC_SEQ_CST);
}
