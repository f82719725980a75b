#!/bin/sh
# With the heap as malloc, under limits on address space and on data: a library whose constructor
# allocates before the heap has started gets its memory, and so does the program.
shim=${shim:-$PWD/.libs/libgcalloc-malloc.so}
cc=${CC:-cc}
command -v "${cc%% *}" >/dev/null || exit 77

tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-limits.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1

cat >early.c <<'END_OF_C'
#include <stdlib.h>
#include <string.h>
enum { OBJECTS = 1000 };
static char *objects[OBJECTS];
static size_t size(int i)
{
    return (size_t)i * 17 % 3000 + (i % 500 == 7 ? 400000 : 0);
}
__attribute__((constructor)) static void fill(void)
{
    for (int i = 0; i < OBJECTS; i++) {
        if (!(objects[i] = malloc(size(i) + 1)))
            _Exit(3);
        memset(objects[i], i, size(i) + 1);
    }
}
int sound(void)
{
    for (int i = 0; i < OBJECTS; i++) {
        if (i % 2 && !(objects[i] = realloc(objects[i], size(i) + 100)))
            return 0;
        if (objects[i][0] != (char)i || objects[i][size(i)] != (char)i)
            return 0;
        free(objects[i]);
    }
    return 1;
}
END_OF_C
cat >program.c <<'END_OF_C'
#include <stdlib.h>
int sound(void);
int main(void)
{
    char *mine = calloc(1, 1000000);
    int status = mine && sound() ? 0 : 4;
    free(mine);
    return status;
}
END_OF_C
$cc -O1 -fno-builtin -fPIC -shared -o early.so early.c || exit 1
$cc -O1 -fno-builtin -o program program.c ./early.so || exit 1

passed=0
failed=0
# Kibibytes.  Where the program cannot run without the library, the limit is too low for both.
for limit in v:8000000 v:4500000 v:1000000 v:200000 v:100000 d:8000000 d:1000000 d:50000; do
    limited() {
        (ulimit "-${limit%:*}" "${limit#*:}" && timeout -k 5 60 env "$@" ./program) 2>out
    }
    limited || continue
    if limited LD_PRELOAD="$shim" && [ ! -s out ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "limits: failed with ulimit -$limit" >&2
        cat out >&2
    fi
done
# A limit that the program sets itself counts what the heap has reserved: with the option
# `reserve` there is some left for threads.
cat >later.c <<'END_OF_C'
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
static void *use(void *count)
{
    for (int i = 0; i < *(int *)count; i++)
        free(calloc(1, 100000));
    return count;
}
int main(void)
{
    struct rlimit limit = {1 << 30, 1 << 30};
    pthread_t threads[10];
    int count = 100;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return 2;
    for (int i = 0; i < 10; i++)
        if (pthread_create(&threads[i], NULL, use, &count) != 0)
            return 3;
    for (int i = 0; i < 10; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
END_OF_C
$cc -O1 -fno-builtin -pthread -o later later.c || exit 1
if LD_PRELOAD=$shim GCALLOC_OPTIONS=reserve=256M timeout -k 5 60 ./later; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "limits: failed with a limit that the program set itself" >&2
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
