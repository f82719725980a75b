/* In place of report_pprof.c where protobuf-c or zlib was missing when this was built. */
#include "command.h"
#include "report.h"

int report_pprof(struct report *r)
{
    (void)r;
    return fail(FAILED, "this gcalloc was built without protobuf-c and zlib: no --pprof");
}
