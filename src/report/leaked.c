#include "report/leaked.h"

#include "base/cancel.h"
#include "base/options.h"
#include "mutator/init.h"
#include "profile/profile.h"
#include "profile/record.h"
#include "report/leak.h"
#include "report/out.h"

static void tell(const struct leak *l, uintptr_t owner)
{
    record_leaked(l->address, owner);
}

void leaked_record(void)
{
    if (!options.profile_leaks || !profile_at_end() || !mutator_enter())
        return;
    if (out_lock()) {
        cancel_hold_off();
        if (!profile_tell_lost())
            leak_each_lost(tell);
        cancel_let_in();
        out_unlock();
    }
    mutator_leave();
}
