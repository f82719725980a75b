/* By the C++ library: that of the program, which has one where there are such names, as a rule, or else one that is
 * loaded for reports.  The library itself is C, and needs none. */
#include "report/demangle.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/lock.h"
#include "report/guest.h"

typedef char *demangler(const char *name, char *buffer, size_t *length, int *status);

static demangler *find(void)
{
    static bool tried PRIVATE_DATA;
    static demangler *found PRIVATE_DATA;
    if (tried)
        return found;
    tried = true;
    void *library = guest_find("libstdc++.so.6");
    if (!library)
        library = guest_find("libc++abi.so.1");
    if (!library)
        library = guest_open("libstdc++.so.6");
    if (library)
        found = (demangler *)dlsym(library, "__cxa_demangle");
    return found;
}

char *demangle(const char *name)
{
    int status = 0;
    lock_check_held(RANK_REPORT);
    demangler *by = name && name[0] == '_' && name[1] == 'Z' ? find() : NULL;
    char *plain = by ? by(name, NULL, NULL, &status) : NULL;
    if (status == 0)
        return plain;
    free(plain);
    return NULL;
}
