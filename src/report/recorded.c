/* Recorded call stacks in the log, for what the folders below say there of an object. */
#include "base/cancel.h"
#include "base/log.h"
#include "mutator/hooks.h"
#include "report/out.h"
#include "report/symbolize.h"
#include "world/next.h"
#include "world/systemstack.h"

LINKED(recorded);

static void write_to_log(void *unused, const char *bytes, size_t count)
{
    (void)unused;
    log_write(bytes, count);
}

/* The lock of reports is held. */
static void write_stack(void *argument)
{
    static const struct out_target the_log = {.write = write_to_log};
    out_redirect(&the_log);
    out_open();
    out_print("  allocated by\n");
    out_stack(*(const uint32_t *)argument);
    out_close();
    out_redirect(NULL);
    symbolize_end();
}

static void log_allocated_by(uint32_t stack)
{
    if (!out_lock())
        return;
    cancel_hold_off();
    systemstack_run(write_stack, &stack);
    cancel_let_in();
    out_unlock();
}

__attribute__((constructor(BEFORE_PROGRAMS))) static void begin(void)
{
    report_hooks.log_allocated_by = log_allocated_by;
}
