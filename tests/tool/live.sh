#!/bin/sh
# What a program that runs is asked: gcalloc stat, leaks --pid, why; and who may not ask, clients that mean ill or are slow,
# children, programs that end meanwhile or cannot be asked.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin live || exit 1
find_tool
asks=$PWD/tests/tool/asks
without=$PWD/tests/tool/without
. "$srcdir/tests/tool/serving.sh"

number() { # NAME: in the JSON of stat
    sed -n "s/^ *\"$1\": \([0-9]*\),*$/\1/p" stat.json
}
stat_json() { "$tool" stat --json "$pid" >stat.json; }

# ---- stat ----

start leaks --live -o report
expect "it runs" [ "$said" = ready ]
expect "stat" "$tool" stat "$pid"
text() {
    "$tool" stat "$pid" >got 2>error && [ ! -s error ] && has got "^process  *$pid$" '^heap  *[0-9.]* .*, at most' \
        '^allocated  *[0-9.]* .*came back$' '^collections  *none$' '^resident  *[0-9.]* MiB of'
}
expect "as text" text
grows() {
    stat_json || return 1
    was=$(number allocated_bytes) freed=$(number freed_bytes)
    tell "lose 1000000" && stat_json || return 1
    after=$(number allocated_bytes)
    # The slot has some room beyond.
    [ $((after - was)) -ge 1000000 ] && [ $((after - was)) -lt 1300000 ] && [ "$(number freed_bytes)" = "$freed" ]
}
expect "what was allocated meanwhile is told" grows
expect "and of memory" [ "$(number resident_bytes)" -ge "$(number total)" ]

# ---- leaks ----

now() { "$tool" leaks --pid="$pid" >now.txt; }
expect "leaks now" now
expect "with the one that is there" has now.txt "^gcalloc: leak report of process $pid$" \
    '^Leak of 1000000 bytes in 1 object$' '^    #0  lose  *served.c:[0-9]*$' '^  definite  *1 object  *1000000 bytes'
expect "which is a collection more" sh -c '"$0" stat "$1" | grep -q "^collections  *1;"' "$tool" "$pid"
another() { tell "lose 77" && now && has now.txt '^Leak of 1000077 bytes in 2 objects$' '^  definite  *2 objects  *1000077 bytes'; }
expect "and another one" another
expect "as JSON in a file" "$tool" leaks --json -o now.json --pid "$pid"
expect "is JSON" has now.json "^{\"version\":1,\"process\":$pid,\"leaks\":\[{\"class\":\"definite\",\"objects\":2,\"bytes\":1000077,"
expect "nothing of it is said where it reports at its end" [ ! -s report ]

# What a report has taken goes back: in one that reads debugging information it is some MB.
early() { stat_json && number early; }
was=$(early)
again() { for i in 1 2 3 4 5 6; do now || return 1; done; [ "$(early)" -le $((was + 1000000)) ]; }
expect "again and again, without more memory" again

# ---- Growth ----

asked() { "$asks" "$pid" "$1" >got; }
expect "growth begins" asked 'growth 9
'
expect "with what is alive" has got "^gcalloc: growth of process $pid from here on$" '^Alive: [0-9]* bytes in [0-9]* objects$'
tell "lose 5000"
tell "lose 6000"
expect "and is" asked 'growth 9
'
expect "what has come since" has got "^gcalloc: growth of process $pid in [0-9.]* s$" \
    '^Growth by 11000 bytes to 1011077 in 4 objects, which were 2$' '^    #0  lose  *served.c:' ', +11000 bytes$'
expect "once" asked 'growth 9
'
expect "as nothing has come" sh -c '! grep "^Growth" got && grep -q ", +0 bytes$" got'
expect "of another one" asked 'growth 8
'
expect "it begins anew" has got 'from here on, as another one has asked meanwhile$'
"$tool" leaks --pid="$pid" --every=1000000 -o growth.txt 2>error &
every=$!
tries=0
while ! grep -qs '^Alive' growth.txt && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
expect "--every writes the first" has growth.txt "^gcalloc: growth of process $pid from here on"
kill "$every"
wait "$every" 2>/dev/null

# ---- why ----

why() { "$tool" why "$pid" "$1" >got; }
# way PATTERN...: the lines of the answer that are not of call stacks, from the first to the last
way() {
    grep -v '^    #' got >way
    for pattern; do
        read -r line || line=nothing
        printf '%s\n' "$line" | grep -q -e "^ *$pattern$" || { echo "$line is not $pattern"; cat got; return 1; }
    done <way
    [ "$(wc -l <way)" = $# ] || { cat got; return 1; }
}
object=0x[0-9a-f]*
tell chain
first=${said%% *} third=${said##* }
expect "why a chain's third" why "$third"
expect "is alive" way "$third is an object of 16 bytes, and in use:" "static variable table+24 of served" \
    "-> 64 bytes at $first" "+8 -> 32 bytes at $object" "+8 -> 16 bytes at $third"
expect "with call stacks" has got '^    #0  new_link  *served.c:' '^    #1  make_chain  *served.c:'
expect "an address inside" why "$(printf '%x' $((first + 5)))"
expect "is of the object" way "$object is 5 bytes into an object of 64 bytes at $first, and in use:" \
    "static variable table+24 of served" "-> 64 bytes at $first"
tell lost
first=${said%% *} second=${said##* }
expect "why what was lost" why "$first"
expect "nothing leads there" way "$first is an object of 48 bytes, and nothing leads to it: it has leaked"
expect "why what it keeps" why "$second"
expect "it does" way "$second is an object of 16 bytes, and only what has leaked leads to it:" \
    "a leaked object of 48 bytes at $first" "+8 -> 16 bytes at $second"
tell freed
freed=$said
expect "why what was freed" why "$freed"
expect "is no object" way "$freed is no object any more: the one there was freed or collected" "allocated by"
expect "but was one" has got '^    #0  make_freed  *served.c:'
tell "local"
local=$said
expect "why a thread's" why "$local"
expect "is on its stack" way "$local is an object of 24 bytes, and in use:" \
    "the stack of thread [0-9]*, [0-9]* bytes above its stack pointer\|a register of thread [0-9]*" \
    "-> 24 bytes at $local"
tell "let go"
tell variable
local=$said
expect "why a thread's variable's" why "$local"
expect "is thread-local" way "$local is an object of 24 bytes, and in use:" \
    "thread-local data of thread [0-9]*, at $object" "-> 24 bytes at $local"
tell "let go"
tell system
# shellcheck disable=SC2086 # four addresses
set -- $said
for root in "what a timer passes on" "a descriptor that epoll watches" "a stream of stdio" "a variable of the environment"; do
    expect "why what the system has" why "$1"
    expect "is $root" way "$1 is an object of [0-9]* bytes, and in use:" "$root" "-> [0-9]* bytes at $1"
    shift
done
tell static
expect "why what is static" why "$said"
expect "is not in the heap" way "$said is not in the heap"
expect "why nothing" why 10
expect "is not in the heap" way "0x10 is not in the heap"
expect "leaves the report as it was" sh -c '"$0" leaks --pid="$1" | grep -q "^  definite  *6 objects  *1011149 bytes"' \
    "$tool" "$pid"
expect "no address" refuses 2 '"x10" is no address: hexadecimal digits are wanted' why 1 x10
expect "no process" refuses 2 "gcalloc why needs the number of a process and an address: \`gcalloc why --help\`" why 1

# ---- Clients ----

foreign() { "$asks" "$pid" "$1" >got; }
sound() { stat_json && [ "$(number allocated_bytes)" -ge 1000000 ]; }
expect "an unknown request" foreign 'stata
'
expect "is refused" has got '^gcalloc 1 no [0-9]*$' 'no such request'
expect "leaks in no form" foreign 'leaks pdf
'
expect "are refused" has got 'no such form of reports'
for how in many go leave zeros; do
    expect "a client that means ill: $how" foreign $how
    expect "has done no harm" sound
done
"$asks" "$pid" nothing >/dev/null &
silent=$!
expect "while one says nothing the next one waits" sound
expect "until the other is sent away" wait "$silent"
together() {
    for i in 1 2 3 4 5 6 7 8; do "$tool" stat --json "$pid" >"together.$i" & clients="$clients $!"; done
    # shellcheck disable=SC2086 # a list of numbers
    for i in $clients; do wait "$i" || return 1; done
    [ "$(grep -l '"allocated_bytes": ' together.* | wc -l)" = 8 ]
}
expect "several at a time" together
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    cp "$asks" asks && chmod 755 . asks
    others() { setpriv --reuid=65534 --clear-groups ./asks "$pid" "$1" >got; }
    expect "another user" others 'stat
'
    expect "is refused" has got '^gcalloc 1 no [0-9]*$' 'answers its own user only'
fi

# ---- Children, descriptors ----

child() {
    tell child && "$tool" leaks --pid="$said" >child.txt && tell reap && has child.txt "process $child" \
        '^Leak of 100000 bytes in 1000 objects$'
}
expect "a child of fork is asked for itself" child
expect "the program has no descriptor for it" [ -z "$(for f in /proc/"$pid"/fd/*; do readlink "$f"; done | grep socket)" ]
closed() { tell close && sound && now; }
expect "and can close none" closed
end
expect "its status is its own" [ "$status" = 7 ]
expect "and its report" has report '^Leak of 1011077 bytes in 4 objects$'

# ---- All memory of the process ----

start leaks --live --mappings=no -o report
tell pool
expect "why what a pool by mmap keeps" why "$said"
expect "does not see the pool" way "$said is an object of 40 bytes, and nothing leads to it: it has leaked"
end
start leaks --live -o report
tell pool
expect "why, where all memory is searched" why "$said"
expect "does" way "$said is an object of 40 bytes, and in use:" "memory at $object that is searched for pointers" \
    "-> 40 bytes at $said"
expect "and so does a report" sh -c '"$0" leaks --pid="$1" | grep -q "^  definite  *0 objects"' "$tool" "$pid"
end

# ---- Ends ----

expect "it has ended" refuses 3 "there is no process $pid" stat "$pid"
start run --live
tell last
expect "a program whose last thread ends" end
expect "has its status" [ "$status" = 0 ]
start run --live
stopped=$pid
kill -STOP "$pid"
expect "one that is stopped" refuses 3 "process $stopped is stopped, and does not answer" stat "$stopped"
expect "or" refuses 3 "process $stopped is stopped, and does not answer" leaks --pid "$stopped"
kill -CONT "$pid"
end
start run --live
kill -STOP "$pid"
"$tool" stat "$pid" >got 2>error &
client=$!
kill -KILL "$pid"
wait "$client"
expect "one that ends while it is asked" [ $? = 3 ]
expect "which is said" grep -q "^gcalloc: \(process $pid has ended meanwhile\|there is no process $pid\|process $pid is stopped.*\|process $pid runs no program, or has just ended\|process $pid did not answer in full\)$" error
end 2>/dev/null
start run --live
expect "--live with run, without stacks" "$tool" leaks --pid="$pid"
tell "lose 55"
expect "tells of leaks, too" sh -c '"$0" leaks --pid="$1" | grep -q "^  definite  *1 object "' "$tool" "$pid"
end

# ---- What cannot be asked ----

start run --live
tell hide
if [ "$(id -u)" = 0 ]; then
    expect "root asks one that is not dumpable, too" "$tool" stat "$pid"
else
    expect "one that is not dumpable" refuses 3 "process $pid: it answers its own user only" stat "$pid"
fi
end
sandboxed() { # CALL WHY
    before="$without $1"
    start run --live
    before=
    tell "lose 10" && refused_without "$2"
    refused=$?
    end
    [ "$status" = 7 ] && [ "$refused" = 0 ]
}
# The log is written by another thread, before the program has begun or soon after.
refused_without() {
    tries=0
    while [ ! -s err ] && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
    [ "$(cat err)" = "gcalloc: control: $1: Operation not permitted; nobody can ask this process" ] &&
        refuses 3 "process $pid runs with gcalloc, but cannot be asked: it was not started with --live (option \
control=1), or its log says why" stat "$pid"
}
"$without" socket true
if [ $? != 77 ]; then
    expect "a sandbox without sockets" sandboxed socket "there is no socket to be had"
    expect "without signals by descriptors" sandboxed signalfd4 "there is no signalfd to be had"
    expect "without tables of descriptors" sandboxed close_range \
        "there is no table of descriptors to be had (Linux 5.9)"
fi

start run
expect "a program without --live" refuses 3 "process $pid runs with gcalloc, but cannot be asked: it was not started with --live \
(option control=1), or its log says why" stat "$pid"
end
expect "another program" refuses 3 "process $$ does not run with gcalloc; \`gcalloc run --live ./prog\` starts one \
that can be asked" stat $$
expect "no number" refuses 2 '"x1" is no number of a process' stat x1
expect "no number for leaks" refuses 2 '"0" is no number of a process' leaks --pid=0
expect "nothing" refuses 2 "gcalloc stat needs the number of one process: \`gcalloc stat --help\`" stat
expect "an unknown flag" refuses 2 "gcalloc stat has no flag --jsn; \`gcalloc stat --help\` lists them" stat --jsn 1
expect "--every alone" refuses 2 "--every is for a program that runs already: --pid" leaks --every=5 ./prog
expect "a program beside" refuses 2 "--pid is for a program that runs already" leaks --pid=1 ./prog
expect "other flags beside" refuses 2 "with --pid only --json and --output are possible, not -a: what else is wanted \
the program was told when it was started" leaks --all --pid=1
help() { "$tool" stat --help | grep -q '^usage: gcalloc stat' && "$tool" help stat | grep -q -e '--json'; }
expect "help" help

finish
