/* What happens around collections, in a running world: whoever asked for it is called,
 * finalizers that became ready are told of, and what the phases found out goes to the log. */
#ifndef GCALLOC_OBJECT_HOOK_H
#define GCALLOC_OBJECT_HOOK_H

/* From now on it does.  Again: nothing happens.  In no critical section. */
void hook_begin(void);

#endif
