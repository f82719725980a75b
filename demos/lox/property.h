/* Fields, methods and classes: what the machine does to the values on top of its stack.  All but
 * add_method() return false after an error, which they have reported. */
#ifndef LOX_PROPERTY_H
#define LOX_PROPERTY_H

#include "object.h"

/* Replaces the instance on top by its property. */
bool get_property(const struct string *name, struct cache *cache);

/* Stores the value on top in the instance below it; the value alone is left. */
bool set_property(struct string *name, struct cache *cache);

/* Calls a method of the instance below the arguments.  A field hides the method of its name; where
 * the class has no such field, the cache remembers the method. */
bool invoke(const struct string *name, int count, struct cache *cache);

/* Replaces the instance and its superclass, which is on top, by the bound method. */
bool get_super(const struct string *name);

/* Takes the superclass off, and calls its method. */
bool invoke_super(const struct string *name, int count);

/* The class on top inherits from the one below it, and is left. */
bool inherit(void);

/* The closure on top becomes a method of the class below it, which is left. */
void add_method(struct string *name);

#endif
