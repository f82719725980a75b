#!/bin/sh
# The heap as a program's malloc, beside what the program does with the loader: what dlerror is to
# say stays, a report comes also where the loader frees the text of an error in its midst, another
# library of this kind has threads of its own, and names in reports are those of files.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin beside || exit 1
find_tool
build=$PWD
shim=$build/.libs/libgcalloc-malloc.so
cc=${CC:-cc}
command -v "${cc%% *}" >/dev/null || exit 77
cd "$tmp" || exit 1
make_program() { # NAME [FLAGS]: of NAME.c
    name=$1
    shift
    $cc -O1 -w -fno-builtin -o "$name" "$name.c" "$@" || exit 1
}

# ---- Errors of the loader ----

cat >errors.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#define KEPT(what)                                                       \
    do {                                                                 \
        dlopen("/there/is/none.so", RTLD_NOW);                           \
        what;                                                            \
        if (!dlerror())                                                  \
            printf("lost by %s\n", #what), failed = 1;                   \
    } while (0)
extern char **environ;
static void *run(void *p) { return p; }
static int see(struct dl_phdr_info *i, size_t n, void *p) { return 0; }
int main(void)
{
    int failed = 0, status;
    sigset_t set;
    pthread_t thread;
    pid_t child;
    ucontext_t here, there;
    volatile int back = 0;
    void *page;
    struct timespec none = {0, 0};
    char *arguments[] = {"true", NULL};
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigemptyset(&set);
    KEPT(free(malloc(99999)));
    KEPT(sigprocmask(SIG_BLOCK, &set, NULL));
    KEPT(pthread_sigmask(SIG_BLOCK, &set, NULL));
    KEPT(sigaction(SIGUSR2, &action, NULL));
    KEPT(signal(SIGUSR1, SIG_IGN));
    KEPT(sigtimedwait(&set, NULL, &none));
    KEPT(ppoll(NULL, 0, &none, &set));
    KEPT(pselect(0, NULL, NULL, NULL, &none, &set));
    KEPT(page = mmap(NULL, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    KEPT(mprotect(page, 4096, 1));
    KEPT(madvise(page, 4096, MADV_DONTNEED));
    KEPT(page = mremap(page, 4096, 8192, MREMAP_MAYMOVE));
    KEPT(munmap(page, 8192));
    KEPT(dl_iterate_phdr(see, NULL));
    KEPT(getcontext(&here); if (!back++) setcontext(&here));
    KEPT(pthread_create(&thread, NULL, run, NULL); pthread_join(thread, NULL));
    KEPT(pthread_create(&thread, NULL, run, NULL); pthread_detach(thread));
    KEPT(child = fork(); if (child == 0) _exit(0); waitpid(child, &status, 0));
    KEPT(posix_spawnp(&child, "true", NULL, NULL, arguments, environ); waitpid(child, &status, 0));
    KEPT(system("true"));
    return failed;
}
END
make_program errors
for mode in run leaks guard; do
    expect "dlerror tells what it would: $mode" timeout 60 "$tool" $mode -o errors.txt ./errors
done

cat >twice.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
int main(void)
{
    char *volatile p = malloc(10);
    dlsym(RTLD_DEFAULT, "there_is_no_such_function");
    free(p);
    free(p);
    return 0;
}
END
make_program twice -g
reports() { timeout 60 "$tool" "$@" -o twice.txt ./twice && has twice.txt "double free" "freed first by"; }
expect "a bad free with an error pending: guard" reports guard
expect "a bad free with an error pending: leaks" reports leaks --stacks

# ---- Another library of this kind ----

cat >both.c <<'END'
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <stdlib.h>
static void *run(void *p) { return gc_alloc(10) && (free(malloc(100)), 1) ? p : NULL; }
int main(void)
{
    pthread_t thread;
    void *result;
    for (int i = 0; i < 20; i++)
        if (pthread_create(&thread, NULL, run, &thread) != 0 || pthread_join(thread, &result) != 0 || result != &thread)
            return 1;
    return 0;
}
END
make_program both -I"$srcdir/include" -I"$build/include" -L"$build/.libs" -lgcalloc -Wl,-rpath,"$build/.libs" -pthread
expect "threads of a program with a library of its own" env LD_PRELOAD="$shim" timeout 60 ./both

# ---- Names ----

cat >title.c <<'END'
#include <stdlib.h>
#include <string.h>
static void *volatile p;
int main(int n, char **arguments)
{
    memset(arguments[0], 'x', strlen(arguments[0]));
    p = malloc(77);
    p = NULL;
    return 0;
}
END
make_program title -s
named() { # PROGRAM: in a report without function names
    timeout 60 "$tool" leaks -o named.txt "./$1"
    has named.txt "#0 *?? *$2+0x[0-9a-f]*\$"
}
expect "a program that has named itself" named title title
long=a_program_that_has_a_name_longer_than_a_column_of_a_report
cp title $long
expect "a long name" named $long 'a_program_that_[a-z_]*'
finish
