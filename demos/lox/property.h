/* Calls of methods, where the place in the code does not know them yet. */
#ifndef LOX_PROPERTY_H
#define LOX_PROPERTY_H

#include "object.h"

/* Calls a method of the instance below the arguments.  A field hides the method of its name; where
 * the class has no such field, the cache remembers the method. */
void invoke(const struct string *name, int count, struct cache *cache);

/* Takes the superclass off the stack, and calls its method. */
void invoke_super(const struct string *name, int count, struct cache *cache);

#endif
