/* A process keeps the file open to which it records; by its descriptors the file is found whatever it is called, and
 * where. */
#include "follow.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

enum { PART_BYTES = 1 << 20 }; /* that are read at a time; more than a record has */

/* ---- Looking for it ------------------------------------------------------------------ */

/* Opens a file that another process has open, if it is one of a kind that this does nothing to.  -1: it is not. */
static int open_file(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* The file is the recording of this process: a child of fork has its parent's open, too, until its own begins. */
static bool is_of(struct follower *f, int file, pid_t process)
{
    ssize_t n = pread(file, f->bytes, PART_BYTES, 0);
    struct recording r = {0};
    if (n <= 0 || !recording_go_on(&r, f->bytes, f->bytes, (size_t)n))
        return false;
    bool found = r.process == (uint64_t)process;
    recording_close(&r);
    return found;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Calls `look` with the path of each file that the process has open, until it returns something else than -1; returns
 * that. */
static int each_file(pid_t process, int (*look)(void *argument, const char *path),
                     void *argument)
{
    char path[64 + sizeof((struct dirent *)0)->d_name];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *all = opendir(path);
    int found = -1;
    for (struct dirent *d; all && found < 0 && (d = readdir(all));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)process, d->d_name);
        found = look(argument, path);
    }
    if (all)
        closedir(all);
    return found;
}

struct search {
    struct follower *follower;
    pid_t process;
};

static int look_for_recording(void *argument, const char *path)
{
    struct search *s = argument;
    int file = open_file(path);
    if (file < 0 || is_of(s->follower, file, s->process))
        return file;
    close(file);
    return -1;
}

static int look_for_file(void *argument, const char *path)
{
    const struct follower *f = argument;
    struct stat s;
    return stat(path, &s) == 0 && is_same(&s, &f->status) ? 0 : -1;
}

bool follow_is_current(const struct follower *f, pid_t process)
{
    struct follower copy = *f;
    return each_file(process, look_for_file, &copy) == 0;
}

/* ---- Reading on ---------------------------------------------------------------------- */

bool follow_begin(struct follower *f, pid_t process)
{
    *f = (struct follower){.bytes = malloc(2 * (size_t)PART_BYTES)};
    if (!f->bytes)
        exit(fail(FAILED, "out of memory"));
    f->file = each_file(process, look_for_recording, &(struct search){f, process});
    if (f->file >= 0 && fstat(f->file, &f->status) == 0)
        return true;
    free(f->bytes);
    return false;
}

/* How many bytes were read to both places. */
static size_t read_twice(const struct follower *f, unsigned char *tags)
{
    ssize_t before = pread(f->file, tags, PART_BYTES, f->place);
    ssize_t n = before > 0 ? pread(f->file, f->bytes, (size_t)before, f->place) : 0;
    return n > 0 ? (size_t)n : 0;
}

void follow_on(struct follower *f)
{
    unsigned char *tags = f->bytes + PART_BYTES;
    struct recording *r = &f->recording;
    struct stat now;
    if (fstat(f->file, &now) != 0)
        return;
    for (size_t n;
         !r->ended && f->place < now.st_size && (n = read_twice(f, tags)) > 0;) {
        if (!recording_go_on(r, f->bytes, tags, n))
            return;
        replay_go_on(&f->replay, r);
        f->place += (off_t)r->end;
        if (r->end == 0 || n < PART_BYTES)
            return;
    }
}

void follow_end(struct follower *f)
{
    replay_end(&f->replay);
    recording_close(&f->recording);
    close(f->file);
    free(f->bytes);
}
