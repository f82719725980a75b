/* Libraries of reports' own, as guests in the program: apart from its libraries where that is possible, and
 * never with the client of the network that libdw knows of. */
#include "report/guest.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "base/lock.h"
#include "report/offline.h"

#ifdef RTLD_DEEPBIND
enum { BINDS_DEEPLY = RTLD_DEEPBIND };
#else
enum { BINDS_DEEPLY = 0 };
#endif

static int has_loader(struct dl_phdr_info *program, size_t size, void *argument)
{
    (void)size;
    bool *found = argument;
    for (int i = 0; i < program->dlpi_phnum; i++)
        *found |= program->dlpi_phdr[i].p_type == PT_INTERP;
    return 1; /* the program comes first */
}

void *guest_find(const char *name)
{
    return dlopen(name, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
}

static bool is_loaded(const char *name)
{
    void *library = guest_find(name);
    if (library)
        dlclose(library);
    return library;
}

/* The C library's own functions, such as strdup, allocate by the program's malloc, and libdw
 * frees what they return. */
static bool malloc_is_the_c_librarys(void)
{
    void *library = guest_find("libc.so.6");
    if (!library)
        return false;
    bool same = dlsym(library, "malloc") == dlsym(RTLD_DEFAULT, "malloc");
    dlclose(library);
    return same;
}

/* It uses libraries of its own rather than the program's, unless they are bound to these
 * already.  Sanitizers refuse the flag. */
static int binding(const char *name)
{
    bool apart = malloc_is_the_c_librarys() && !is_loaded(name) &&
                 !is_loaded("libelf.so.1") &&
                 !dlsym(RTLD_DEFAULT, "__sanitizer_report_error_summary");
    return apart ? BINDS_DEEPLY : 0;
}

/* libdw's constructor loads a client of the network, and with it libraries that the program
 * may have its own versions of, where the environment names a server.  Where the program
 * has that client already, it would be called. */
static void *open_offline(const char *name, int flags)
{
    static const char client[] = "libdebuginfod.so.1";
    const char *servers = getenv("DEBUGINFOD_URLS");
    if (!servers || !servers[0] || is_loaded(name))
        return dlopen(name, flags);
    void *taken = is_loaded(client) ? NULL : offline_take_name(client);
    void *library = taken ? dlopen(name, flags) : NULL;
    if (taken)
        dlclose(taken);
    return library;
}

/* A program that is linked statically cannot load libraries safely, and one with privileges
 * has no need to. */
void *guest_open(const char *name)
{
    bool dynamic = false;
    lock_check_held(RANK_REPORT);
    dl_iterate_phdr(has_loader, &dynamic);
    return dynamic && !getauxval(AT_SECURE)
               ? open_offline(name, RTLD_LAZY | RTLD_LOCAL | binding(name))
               : NULL;
}
