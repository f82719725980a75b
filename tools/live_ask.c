/* The client's side of the socket.  What comes back is another process's, and is not believed. */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"
#include "report/live/protocol.h"

enum {
    STEP = 1000, /* milliseconds between two looks at a process that says nothing */
    ANSWER_MOST = 65 << 20 /* bytes, more than a process sends */
};

/* ---- What /proc says ----------------------------------------------------------------------------------- */

/* Reads the beginning of a file of the process as a string.  false: there is none, or it may not be read. */
static bool read_proc(pid_t process, const char *name, char *text, size_t bytes)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = file < 0 ? -1 : read(file, text, bytes - 1);
    if (file >= 0)
        close(file);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* The state's letter; 0: the process is not there, or dead and not yet waited for. */
static char state_of(pid_t process)
{
    char stat[1024];
    const char *end =
        read_proc(process, "stat", stat, sizeof stat) ? strrchr(stat, ')') : NULL;
    return !end || !end[1] || strchr("ZX", end[2]) ? '\0' : end[2];
}

static bool is_anothers(pid_t process)
{
    char status[2048];
    unsigned real, effective;
    const char *line = read_proc(process, "status", status, sizeof status)
                           ? strstr(status, "\nUid:")
                           : NULL;
    return geteuid() != 0 && line &&
           sscanf(line, "\nUid: %u %u", &real, &effective) == 2 && effective != geteuid();
}

enum { ENDS, LACKS, HAS };

/* Whether the library is mapped; a program that is linked with it statically does not tell, and one that ends has
 * nothing mapped. */
static int has_library(pid_t process)
{
    char path[64], *line = NULL;
    size_t capacity = 0;
    bool found = false, any = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)process);
    FILE *maps = fopen(path, "re");
    while (maps && !found && getline(&line, &capacity, maps) > 0) {
        found = strstr(line, "/libgcalloc") != NULL;
        any = true;
    }
    if (maps)
        fclose(maps);
    free(line);
    return found ? HAS : any ? LACKS : ENDS;
}

/* ---- What is wrong ------------------------------------------------------------------------------------- */

static int refuse_silent(pid_t process)
{
    int number = (int)process;
    if (!state_of(process))
        return fail(FAILED, "there is no process %d", number);
    if (is_anothers(process))
        return fail(FAILED, "process %d is another user's", number);
    int library = has_library(process);
    if (library == ENDS)
        return fail(FAILED, "process %d runs no program, or has just ended", number);
    if (library == HAS)
        return fail(
            FAILED,
            "process %d runs with gcalloc, but cannot be asked: it was not started "
            "with --live (option control=1), or its log says why",
            number);
    return fail(FAILED,
                "process %d does not run with gcalloc; `gcalloc run --live ./prog` "
                "starts one that can be asked",
                number);
}

static int refuse_end(pid_t process)
{
    return state_of(process)
               ? fail(FAILED, "process %d did not answer in full", (int)process)
               : fail(FAILED, "process %d has ended meanwhile", (int)process);
}

/* ---- The socket ---------------------------------------------------------------------------------------- */

/* Names can be taken by anybody: it must be the process that listens. */
static bool is_of(int file, pid_t process)
{
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    return getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
           peer.pid == process;
}

/* A descriptor, or -1. */
static int connect_to(pid_t process)
{
    char stat[1024], name[LIVE_NAME_MOST];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!read_proc(process, "stat", stat, sizeof stat) ||
        !live_name(name, (int)process, stat))
        return -1;
    size_t length = strlen(name);
    memcpy(address.sun_path + 1, name, length);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file >= 0 && connect(file, (struct sockaddr *)&address, bytes) == 0 &&
        is_of(file, process))
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

/* Waits until there is something to read.  false: the process is stopped, so that nothing will come. */
static bool await(int file, pid_t process)
{
    struct pollfd p = {.fd = file, .events = POLLIN};
    while (poll(&p, 1, STEP) == 0) {
        char state = state_of(process);
        if (state == 'T' || state == 't')
            return false;
    }
    return true;
}

/* Reads until the other end closes. */
static int read_all(int file, pid_t process, struct reply *r)
{
    size_t capacity = 0;
    for (;;) {
        if (capacity - r->bytes < 2) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            char *text =
                capacity > 2 * (size_t)ANSWER_MOST ? NULL : realloc(r->text, capacity);
            if (!text)
                return fail(FAILED, "out of memory");
            r->text = text;
        }
        if (!await(file, process))
            return fail(FAILED, "process %d is stopped, and does not answer",
                        (int)process);
        ssize_t n = read(file, r->text + r->bytes, capacity - r->bytes - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return r->text[r->bytes] = '\0', DONE;
        r->bytes += (size_t)n;
    }
}

/* Takes the first line off, and looks whether the rest is as long as it says. */
static int take_head(pid_t process, struct reply *r)
{
    char how[3];
    size_t bytes;
    char *end = memchr(r->text, '\n', r->bytes);
    if (!end || sscanf(r->text, "gcalloc 1 %2s %zu\n", how, &bytes) != 2 ||
        (size_t)(r->text + r->bytes - end - 1) != bytes)
        return refuse_end(process);
    memmove(r->text, end + 1, bytes + 1);
    r->bytes = bytes;
    if (strcmp(how, "ok") == 0)
        return DONE;
    for (char *c = r->text; *c; c++)
        if (*c < ' ' || *c == 127)
            *c = '?';
    return fail(FAILED, "process %d: %s", (int)process, r->text);
}

int live_ask(pid_t process, const char *request, struct reply *r)
{
    *r = (struct reply){0};
    int file = connect_to(process);
    if (file < 0)
        return refuse_silent(process);
    char line[LIVE_REQUEST_MOST];
    size_t length = (size_t)snprintf(line, sizeof line, "%s\n", request);
    /* One that refuses does not read. */
    if (send(file, line, length, MSG_NOSIGNAL) != (ssize_t)length && errno != EPIPE) {
        close(file);
        return refuse_end(process);
    }
    int status = read_all(file, process, r);
    close(file);
    return status == DONE ? take_head(process, r) : status;
}
