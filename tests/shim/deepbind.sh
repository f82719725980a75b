#!/bin/sh
# With the heap as malloc, a library that a program opens with RTLD_DEEPBIND, by the program's
# own search path, frees what the program allocated, and the other way round.
shim=${shim:-$PWD/.libs/libgcalloc-malloc.so}
cc=${CC:-cc}
command -v "${cc%% *}" >/dev/null || exit 77

tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-deepbind.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" && mkdir plugins || exit 1

cat >plugin.c <<'END'
#include <stdlib.h>
void *take(void) { return malloc(100); }
void give(void *p) { free(p); }
END
cat >program.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#ifndef RTLD_DEEPBIND
#define RTLD_DEEPBIND 0
#endif
int main(void)
{
    void *plugin = dlopen("plugin.so", RTLD_NOW | RTLD_DEEPBIND);
    if (!plugin)
        return 2;
    void *(*take)(void) = (void *(*)(void))dlsym(plugin, "take");
    void (*give)(void *) = (void (*)(void *))dlsym(plugin, "give");
    free(take());
    give(malloc(50));
    void *again = dlmopen(LM_ID_BASE, "plugin.so", RTLD_NOW | RTLD_DEEPBIND);
    return again == plugin ? 0 : 3;
}
END
$cc -O1 -fno-builtin -fPIC -shared -o plugins/plugin.so plugin.c || exit 1
$cc -O1 -fno-builtin -o program program.c -Wl,-rpath,"$tmp/plugins" -ldl || exit 1
LD_PRELOAD=$shim timeout -k 5 60 ./program >out 2>&1
status=$?
cat out >&2
[ $status = 0 ] && [ ! -s out ]
