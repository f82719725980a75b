/* Passes a question on to the hook, and knows nothing of how the hook asks it.  The hook
 * is set once, before there is a thread that could ask, and is read without a lock. */
#include "trace/ask.h"

#include <stddef.h>

void (*ask_hook)(void (*question)(void *), void *argument) PRIVATE_DATA;

void ask_run(void (*question)(void *), void *argument)
{
    if (LIKELY(ask_hook != NULL))
        ask_hook(question, argument);
    else
        question(argument);
}
