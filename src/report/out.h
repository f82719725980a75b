/* Where reports go: option report, else where the log goes.  What is in them is not known
 * here.  All but out_lock is for the thread that holds the lock of reports, which
 * out_lock takes. */
#ifndef GCALLOC_REPORT_OUT_H
#define GCALLOC_REPORT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

/* One report at a time: between the two, no other thread writes one.  false: this thread
 * is writing one already.  Not in a critical section: a thread that writes a report can be
 * stopped. */
bool out_lock(void);
void out_unlock(void);

/* The calling thread is between the two: what is allocated on it is for a report. */
SHARED_DATA __thread bool out_is_mine __attribute__((tls_model("initial-exec")));

/* Where what is printed goes, in the place of a file or the log. */
struct out_target {
    void (*write)(void *argument, const char *bytes, size_t count);
    void *argument;
};

/* What is printed goes there from now on; NULL: to where reports go. */
void out_redirect(const struct out_target *target);

/* Opens the destination of a report.  One that cannot be opened is named in the log, and
 * the report goes there. */
void out_open(void);

/* What does not fit into some thousand bytes is cut off. */
void out_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first line of a report of something that the program does wrong.  When the rest goes to a file, the log has
 * it too. */
void out_title(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What stands behind the last slash; NULL of NULL. */
const char *last_part(const char *path);

/* What a noun ends with. */
static inline const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

void out_close(void);

/* A call stack as symbolize_stack shows it, a line per function. */
void out_frames(const uintptr_t *frames, size_t count);
void out_stack(uint32_t stack);

#endif
