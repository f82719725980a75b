/* By the C++ library, where it is: this command, which is C, does not need it otherwise. */
#include "demangle.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

typedef char *demangler(const char *name, char *buffer, size_t *length, int *status);

static demangler *find(void)
{
    static bool tried;
    static demangler *found;
    void *library = tried ? NULL : dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
    if (library)
        found = (demangler *)dlsym(library, "__cxa_demangle");
    tried = true;
    return found;
}

/* What compilers append to the name of a function that they have made others of. */
static size_t without_suffix(const char *name)
{
    static const char *const suffixes[] = {".constprop.", ".isra.", ".part.", ".cold",
                                           ".lto_priv."};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *at = strstr(name, suffixes[i]);
        if (at && at > name && (size_t)(at - name) < length)
            length = (size_t)(at - name);
    }
    return length;
}

/* As programs write it. */
static char *shorten(char *name)
{
    static const char string[] =
        "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    for (char *at = name; (at = strstr(at, string));) {
        char *rest = at + sizeof string - 1;
        at = stpcpy(at, "std::string");
        memmove(at, rest, strlen(rest) + 1);
    }
    return name;
}

const char *demangle(const char *name)
{
    int status = 0;
    size_t length = without_suffix(name);
    if (name[length]) {
        name = strndup(name, length);
        if (!name)
            exit(fail(FAILED, "out of memory"));
    }
    if (name[0] != '_' || name[1] != 'Z')
        return name;
    demangler *by = find();
    char *plain = by ? by(name, NULL, NULL, &status) : NULL;
    return plain && status == 0 ? shorten(plain) : name;
}
