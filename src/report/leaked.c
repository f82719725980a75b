#include "report/leaked.h"

#include "base/cancel.h"
#include "mutator/init.h"
#include "profile/profile.h"
#include "report/leak.h"
#include "report/out.h"

static void tell(const struct leak *l)
{
    profile_leaked(l->address, l->kept_bytes, l->kept_objects);
}

void leaked_record(void)
{
    if (!profile_wants_leaks() || !mutator_enter())
        return;
    if (out_lock()) {
        cancel_hold_off();
        leak_each_lost(tell);
        cancel_let_in();
        out_unlock();
    }
    mutator_leave();
}
