/* Faults are noted in the library's own memory, which no collection takes for roots. */
#include "faults.h"

#include "mutator/hooks.h"
#include "support.h"

struct faults_seen seen PRIVATE_DATA;

static void note(const struct fault *f)
{
    seen.last = *f;
    seen.count++;
}

void faults_note(void)
{
    report_hooks.fault = note;
}
