/* Names of C++ as programs have them. */
#ifndef GCALLOC_TOOLS_DEMANGLE_H
#define GCALLOC_TOOLS_DEMANGLE_H

/* The name, or what it is an encoding of.  What is told stays for good. */
const char *demangle(const char *name);

#endif
