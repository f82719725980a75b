#!/bin/sh
# The leak report of programs that end otherwise than by exit: by _exit, by signals that they have left to the
# system, and by exec.  They end as they would without it, are told of no handler but their own, and are reported once.
srcdir=${srcdir:-.}
shim=${shim:-$PWD/.libs/libgcalloc-malloc.so}
build=$PWD
. "$srcdir/tests/expect.sh" && begin ends || exit 1

compile() { # NAME FLAGS...
    name=$1
    shift
    ${CC:-cc} -g -O1 -fno-builtin -w -D_GNU_SOURCE -o "$tmp/$name" "$srcdir/tests/leaks/ends.c" "$@" -pthread
}
# The status, and how many reports there are, each of which has the object.
ends() { # STATUS REPORTS COMMAND...
    status=$1
    reports=$2
    shift 2
    (cd "$tmp" && ulimit -c 0 && ulimit -S -s 8192 && exec env "GCALLOC_OPTIONS=leaks=1$more" timeout -k 5 100 "$@") >"$tmp/out" 2>&1
    [ $? = "$status" ] && [ "$(grep -c 'leak report of process' "$tmp/out")" = "$reports" ] &&
        [ "$(grep -c '^Leak of 77 bytes' "$tmp/out")" = "$reports" ] || { cat "$tmp/out"; return 1; }
}
all() { # COMMAND...: the program
    expect "exit" ends 0 1 "$@"
    expect "_exit" ends 3 1 "$@" _exit
    expect "_Exit" ends 4 1 "$@" _Exit
    expect "a fault" ends 139 1 "$@" fault
    expect "abort" ends 134 1 "$@" abort
    expect "SIGTERM beside threads" ends 143 1 "$@" threads
    expect "actions are what the program has set" ends 0 1 "$@" look
    expect "the program's handler" ends 0 1 "$@" always
    expect "after the program's handler, which is called once" ends 143 1 "$@" once
    expect "a child of fork has its own" ends 0 2 "$@" fork
    expect "a child of vfork has none" ends 0 1 "$@" vfork
    for exec in execl execle execlp execv execve execveat execvp execvpe fexecve; do
        expect "$exec" ends 0 1 "$@" $exec
    done
    expect "exec of what is not there, nor can be run" ends 0 1 "$@" miss
    expect "exec that fails for all that" ends 0 2 "$@" late
    expect "which is said" has "$tmp/out" 'leaks: the program was to be replaced by another, and was not'
    expect "exec in children" ends 0 1 "$@" children
    expect "a stack that overflows ends the process" ends 139 0 "$@" overflow
    for number in 1 2 3 4 6 7 8 11 13 14 15 24; do
        expect "signal $number" ends $((128 + number)) 1 "$@" raise $number
    done
    expect "SIGUSR1 is left alone" ends 138 0 "$@" raise 10
    expect "SIGKILL" ends 137 0 "$@" raise 9
    expect "what is ignored is ignored" ends 0 1 env --ignore-signal=TERM "$@" raise 15
    more=:exit_code=9
    expect "a signal's status stays with exit_code" ends 143 1 "$@" raise 15
    expect "exit_code" ends 9 1 "$@"
    more=
    expect "without leaks=1" ends 143 0 env GCALLOC_OPTIONS=leaks=0 "$@" raise 15
}

more=
expect "a program that uses malloc" compile unmodified
all env LD_PRELOAD="$shim" "$tmp/unmodified"
include="-I$srcdir/include -I$build/include"
# shellcheck disable=SC2086 # two words
expect "a program of the library's own" compile own -DWITH_GC_ALLOC $include -L"$build/.libs" -lgcalloc
all env LD_LIBRARY_PATH="$build/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$tmp/own"
finish
