/* The helpers of the tests of the public functions. */
#include "base/log.h"
#include "api.h"

#include <sys/wait.h>
#include <unistd.h>

#include "heap/heap.h"
#include "roots/registered.h"
#include "world/stop.h"
#include "world/thread.h"

enum { SECONDS_MOST = 300 }; /* a hung test ends then; nothing is concluded from time */

TCase *new_case(Suite *s, const char *name)
{
    TCase *c = tcase_create(name);
    tcase_set_timeout(c, SECONDS_MOST);
    suite_add_tcase(s, c);
    return c;
}

void add_case(Suite *s, const char *name, const TTest *test)
{
    tcase_add_test(new_case(s, name), test);
}

size_t interesting_sizes(const size_t **sizes)
{
    static size_t list[1024];
    static size_t count;
    if (count == 0) {
        for (size_t n = 0; n <= 64; n++)
            list[count++] = n;
        for (size_t base = 128; base <= MIB(2); base *= 2)
            for (size_t eighth = 8; eighth < (base <= KIB(64) ? 16 : 9); eighth++)
                for (size_t d = 0; d < 5; d++)
                    list[count++] = base * eighth / 8 + d - 2;
    }
    *sizes = list;
    return count;
}

bool is_filled(const void *memory, size_t bytes, int value)
{
    const unsigned char *p = memory;
    if (bytes == 0)
        return true;
    return p[0] == (unsigned char)value && memcmp(p, p + 1, bytes - 1) == 0;
}

/* The high bit of each byte is set: as words, these are no addresses of user space. */
/* A pattern begins again after so many bytes, a prime number: no page of it is like one of the next 250.  What is
 * left is copied and compared, as a loop over each byte takes most of the time of the tests. */
enum { PERIOD = 251 };

static size_t within_period(size_t bytes)
{
    return bytes < PERIOD ? bytes : PERIOD;
}

static unsigned char pattern_byte(size_t i, unsigned seed)
{
    return (unsigned char)(0x80u | ((i * 31 + seed * 17u) & 0x7f));
}

void write_pattern(void *memory, size_t bytes, unsigned seed)
{
    unsigned char *p = memory;
    size_t done = within_period(bytes);
    for (size_t i = 0; i < done; i++)
        p[i] = pattern_byte(i, seed);
    while (done < bytes) {
        size_t more = bytes - done < done ? bytes - done : done;
        memcpy(p + done, p, more);
        done += more;
    }
}

bool has_pattern(const void *memory, size_t bytes, unsigned seed)
{
    const unsigned char *p = memory;
    size_t first = within_period(bytes);
    for (size_t i = 0; i < first; i++)
        if (p[i] != pattern_byte(i, seed))
            return false;
    return memcmp(p, p + first, bytes - first) == 0;
}

bool lives(uintptr_t hidden)
{
    return gc_base(reveal(hidden)) == reveal(hidden);
}

size_t count_living(const uintptr_t *hidden, size_t count)
{
    size_t living = 0;
    for (size_t i = 0; i < count; i++)
        living += lives(hidden[i]);
    return living;
}

APART static void overwrite_stack(void)
{
    volatile char frame[KIB(64)];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = 0;
}

void run_apart(void (*function)(void *argument), void *argument)
{
    function(argument);
    overwrite_stack();
}

void collect_clean(void)
{
    overwrite_stack();
    gc_collect();
}

void check_heap_sound(void)
{
    bool taken = world_hold();
    heap_check(&process_heap, thread_self->cache);
    registered_check();
    world_let_go(taken);
}

struct gc_stats stats_now(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s;
}

static struct {
    FILE *file;
    int saved_fd;
    char text[KIB(32)];
} captured;

void capture_begin(void)
{
    fflush(stderr);
    captured.file = tmpfile();
    ck_assert_ptr_nonnull(captured.file);
    captured.saved_fd = dup(STDERR_FILENO);
    dup2(fileno(captured.file), STDERR_FILENO);
    log_use_stderr();
}

const char *capture_end(void)
{
    fflush(stderr);
    dup2(captured.saved_fd, STDERR_FILENO);
    log_use_stderr();
    close(captured.saved_fd);
    rewind(captured.file);
    size_t length = fread(captured.text, 1, sizeof captured.text - 1, captured.file);
    captured.text[length] = '\0';
    fclose(captured.file);
    return captured.text;
}

const char *output_of_child(void (*body)(void))
{
    int status;
    capture_begin();
    pid_t child = fork();
    if (child == 0) {
        body();
        exit(0);
    }
    pid_t ended = waitpid(child, &status, 0);
    const char *text = capture_end();
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(ended, child);
    ck_assert_msg(status == 0, "the child's status is %#x; it wrote:\n%s",
                  (unsigned)status, text);
    return text;
}

size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    while ((text = strstr(text, part))) {
        count++;
        text += strlen(part);
    }
    return count;
}
