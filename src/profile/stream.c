/* The file and its mapping.
 *
 *   file      | written ...        | zeros, set aside |
 *   window              | cursor ->                   |    WINDOW_BYTES from `place` on
 */
#include "profile/stream.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/account.h"
#include "base/descriptor.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/os.h"
#include "base/sink.h"
#include "base/sys.h"

enum {
    WINDOW_BYTES = 1 << 20,
    /* Of the file, set aside at a time; a multiple of every page size. */
    STEP_BYTES = 1 << 16,
    NAMES_MOST = 1000, /* that are tried */
};

static struct {
    bool open;
    struct descriptor file;
    char path[sizeof options.profile.text + 48];
    uint8_t *window;
    uint64_t place;     /* of the window in the file */
    size_t used, ready; /* bytes of the window written, and set aside */
} stream PRIVATE_DATA = {.file = {.number = -1}};

static void give_up(void)
{
    log_line("profile: %s cannot be written: %s; nothing more is recorded", stream.path,
             strerror(errno));
    stream.open = false;
}

/* ---- Room ------------------------------------------------------------------------------ */

/* Fills so much of the file with zeros, so that its blocks are there. */
static bool set_aside(int file, uint64_t from, size_t bytes)
{
    static const char zeros[4096];
    if (syscall(SYS_lseek, file, from, SEEK_SET) < 0)
        return false;
    for (size_t done = 0; done < bytes; done += sizeof zeros)
        if (sink_write_file(file, zeros, sizeof zeros) != sizeof zeros)
            return false;
    return true;
}

/* Has the window begin where the step of the cursor does. */
static bool move_window(int file)
{
    size_t over = align_down(stream.used, STEP_BYTES);
    uint64_t place = stream.place + over;
    if (sys_map_over(stream.window, WINDOW_BYTES, MAP_SHARED, file, place) == MAP_FAILED)
        return false;
    stream.place = place;
    stream.used -= over;
    stream.ready -= over;
    return true;
}

static bool grow(void)
{
    int file = descriptor_number(&stream.file);
    if (file < 0)
        return errno = EBADF, false;
    if (stream.ready == WINDOW_BYTES && !move_window(file))
        return false;
    if (!set_aside(file, stream.place + stream.ready, STEP_BYTES))
        return false;
    stream.ready += STEP_BYTES;
    return true;
}

bool stream_has_room(void)
{
    lock_check_held(RANK_RECORD);
    if (!stream.open)
        return false;
    int saved_errno = errno;
    bool room = stream.ready - stream.used >= STREAM_RECORD_MOST || grow();
    if (!room)
        give_up();
    errno = saved_errno;
    return room;
}

bool stream_is_open(void)
{
    return stream.open;
}

/* ---- Records --------------------------------------------------------------------------- */

struct writer stream_begin(void)
{
    lock_check_held(RANK_RECORD);
    uint8_t *begin = stream.window + stream.used;
    return (struct writer){begin, begin + 1};
}

void stream_end(struct writer w, enum recording_tag tag)
{
    stream.used = (size_t)(w.at - stream.window);
    __atomic_store_n(w.begin, (uint8_t)tag, __ATOMIC_RELEASE);
}

void writer_put_bytes(struct writer *w, const void *bytes, size_t count)
{
    writer_put(w, count);
    memcpy(w->at, bytes, count);
    w->at += count;
}

/* ---- Opening and closing ---------------------------------------------------------------- */

static int create(void)
{
    char wanted[sizeof options.profile.text + 16];
    options_expand(&options.profile, wanted, sizeof wanted);
    for (unsigned i = 0; i < NAMES_MOST; i++) {
        if (i == 0)
            snprintf(stream.path, sizeof stream.path, "%s", wanted);
        else if (i == 1)
            snprintf(stream.path, sizeof stream.path, "%s.%d", wanted, getpid());
        else
            snprintf(stream.path, sizeof stream.path, "%s.%d.%u", wanted, getpid(), i);
        int file = sys_open(stream.path, O_RDWR | O_CREAT | O_EXCL | O_NOCTTY);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

/* A child of fork has its parent's window, and puts its own file there. */
static bool map_window(int file)
{
    if (!stream.window) {
        stream.window = os_reserve(WINDOW_BYTES, STEP_BYTES);
        if (stream.window)
            account_add(ACCOUNT_REPORTS, stream.window, WINDOW_BYTES);
    }
    return stream.window && set_aside(file, 0, STEP_BYTES) &&
           sys_map_over(stream.window, WINDOW_BYTES, MAP_SHARED, file, 0) != MAP_FAILED;
}

static bool open_file(void)
{
    int file = create(), before = descriptor_drop(&stream.file);
    if (before >= 0) /* the parent's */
        sys_close(before);
    if (file < 0)
        return false;
    file = descriptor_move_away(file);
    descriptor_take(&stream.file, file);
    if (!map_window(file))
        return false;
    memcpy(stream.window, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
    stream.place = 0;
    stream.used = RECORDING_MAGIC_BYTES;
    stream.ready = STEP_BYTES;
    return true;
}

bool stream_open(void)
{
    lock_check_held(RANK_RECORD);
    int saved_errno = errno;
    stream.open = open_file();
    if (!stream.open)
        give_up();
    errno = saved_errno;
    return stream.open;
}

void stream_forget(void)
{
    stream.open = false;
}

void stream_close(void)
{
    lock_check_held(RANK_RECORD);
    int saved_errno = errno, file = descriptor_drop(&stream.file);
    stream.open = false;
    if (file >= 0) {
        syscall(SYS_ftruncate, file, stream.place + stream.used);
        sys_close(file);
    }
    errno = saved_errno;
}
