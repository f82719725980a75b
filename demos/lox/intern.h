/* The table of strings: each text is one object, so that strings are compared by address.  It does not
 * keep them alive. */
#ifndef LOX_INTERN_H
#define LOX_INTERN_H

struct string;

/* The string of this text that there is already, or else `s`, from now on. */
struct string *intern(struct string *s);

#endif
