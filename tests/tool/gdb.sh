#!/bin/sh
# The commands for gdb, on a process and on its core file, which have to say the same; in the middle of a collection; as
# malloc, with a library that was stripped; in a static program.  What they say is compared with what the programs know.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin gdb || exit 1
here=$PWD
programs=$PWD/tests/tool
commands=$srcdir/tools/gdb/gcalloc.py
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
[ -e "$here/.libs/libgcalloc-malloc.so" ] || { echo "gdb: there is no shared library"; exit 77; }
gdb -nx -batch -ex 'python print(6 * 7)' -ex 'set startup-with-shell off' -ex run --args "$(command -v true)" \
    </dev/null >"$tmp/can" 2>/dev/null
grep -q 42 "$tmp/can" && grep -q 'exited normally' "$tmp/can" || {
    echo "gdb: there is none that has Python and can run programs: skipped"
    exit 77
}
cd "$tmp" || exit 1

debug() { # ARGUMENTS...: of gdb; what it says is in the file said-by-gdb
    timeout 120 gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set confirm off' -ex 'set pagination off' \
        -ex 'set startup-with-shell off' -ex 'set print thread-events off' -ex 'set environment GCALLOC_OPTIONS=memory=0:idle=0' -x "$commands" "$@" </dev/null \
        >said-by-gdb 2>&1 || { cat said-by-gdb; return 1; }
}
# section NAME FILE: what the file has behind the line "== NAME", up to the next such line, in the file section
section() { awk -v name="== $1" '/^== /{inside = $0 == name; next} inside' "$2" >section && [ -s section ]; }
# says NAME PATTERN...: the section of the file `facts` has a line for each pattern, in this order
says() {
    name=$1
    shift
    section "$name" facts || { echo "no section $name"; cat facts; return 1; }
    at=0
    for pattern; do
        at=$(pattern=$pattern awk -v from="$at" 'NR > from && $0 ~ ENVIRON["pattern"] { print NR; exit }' section)
        [ -n "$at" ] || { echo "no line like $pattern in:"; cat section; return 1; }
    done
}
# lines NAME NUMBER: the section has so many lines that are not of call stacks
lines() { section "$1" facts && [ "$(grep -vc '^    #' section)" = "$2" ] || { cat section; return 1; }; }

# ---- A process, and its core file ----

ask() { # NAME COMMAND...
    printf 'echo == %s\\n\n' "$1" >>ask
    shift
    printf '%s\n' "$@" >>ask
}
ask known 'printf "%lu %lu\n", objects, bytes'
ask heap 'gcalloc heap -v'
ask second 'gcalloc object ~hidden_second'
ask inside 'gcalloc object (char *) ~hidden_second + 60'
ask freed 'gcalloc object ~hidden_freed'
ask large 'gcalloc object ~hidden_large + 1000000'
ask typed 'gcalloc object ~hidden_typed'
ask outside 'gcalloc object &table'
ask tables 'gcalloc object 16'
ask "why second" 'gcalloc why ~hidden_second'
ask "why garbage" 'gcalloc why ~hidden_garbage'
ask "why freed" 'gcalloc why ~hidden_freed'
ask "why large" 'gcalloc why ~hidden_large + 77'
ask "why pointed" 'gcalloc why ~hidden_pointed'
ask "why unpointed" 'gcalloc why ~hidden_unpointed'
ask "why stack" 'gcalloc why ~hidden_stack'
ask "why local" 'gcalloc why ~hidden_local'
for what in timed polled buffer variable; do ask "why $what" "gcalloc why ~hidden_$what"; done
ask roots 'gcalloc roots'
ask functions 'print $gc_base((char *) ~hidden_second + 60) == (void *) ~hidden_second' \
    'print $gc_size(~hidden_large)' 'print $gc_is_managed(~hidden_freed)' 'print $gc_is_managed(table.first)' \
    'set print gcalloc on' 'print table.first' 'set print gcalloc off' 'print table.first'
ask end

collection='-ex "echo == collection\\n" -ex "break phases_run" -ex continue -ex "gcalloc heap" -ex "gcalloc why ~hidden_second"'
process() {
    eval debug -ex "'set environment GCALLOC_OPTIONS=stacks=1:memory=0:idle=0'" -ex "'break known'" -ex "'break at_end'" -ex run -x ask \
        -ex "'generate-core-file core'" "$collection" -ex "'delete 3'" -ex continue -ex "'echo == after\\n'" \
        -ex "'gcalloc object ~hidden_garbage'" -ex "'gcalloc object ~hidden_second'" -ex continue "$programs/facts" &&
        mv said-by-gdb facts
}
expect "a process" process
counted() {
    section known facts && read -r objects bytes <section && [ "$objects" -gt 5 ] &&
        section heap facts && has section "^  objects     $objects, in slots of $bytes bytes$" &&
        # The rows of either table add up to the same.
        awk -v objects="$objects" -v bytes="$bytes" '
            /^  kind  / || /^  slot, kind/ { tables++; next }
            /^ *$/ || /thread/ { next }
            tables { o[tables] += $(NF - 3); b[tables] += $(NF - 2) }
            END { exit !(tables == 2 && o[1] == objects && o[2] == objects && b[1] == bytes && b[2] == bytes) }' section
}
expect "every object is counted" counted
a=0x[0-9a-f]+
expect "threads are listed" says heap "^  thread [0-9]+ +.[12] of gdb. +" "^  thread [0-9]+ +.[12] of gdb. +"
expect "an object" says second "^$a is an object of 100 bytes$" "state     living, new since the last collection" \
    'usable    112 bytes' 'slot      number [0-9]+ of [0-9]+, of 112 bytes' 'kind      scanned .gc_alloc.' \
    'allocated by' '#0  new_link  +facts.c:[0-9]+$' '#1  make_chain +facts.c:[0-9]+$' '#2  main +facts.c:'
expect "the middle of one" says inside "^$a is 60 bytes into an object of 100 bytes at $a$"
expect "what was freed" says freed "^$a is a slot of [0-9]+ bytes at $a where no object is" 'state     free, held back' \
    'what was there was allocated by' 'new_link' 'and freed by' '#0  (make_chain|main) +facts.c:'
expect "a large one" says large "^$a is 1000000 bytes into a large object of 3000000 bytes at $a$" 'kind      atomic'
expect "one with a layout" says typed "^$a is an object of 16 bytes$" 'layout    [0-9]+ "pair"'
expect "what is no object" says outside "^$a is not in the heap, which is from $a to $a: table in section .bss"
expect "nor is that" says tables "^0x10 is not in the heap, which is from $a to $a$"
expect "why it lives: static data" says "why second" "^$a is an object of 100 bytes, and in use:" \
    "^  static data: table in section .bss" "^   -> 40 bytes at $a" '#0  new_link' "^  \+0 -> 100 bytes at $a"
expect "by the shortest way" lines "why second" 4
expect "garbage" says "why garbage" "^$a is an object of 24 bytes, and nothing leads to it: it is garbage"
expect "what was freed has no reason" says "why freed" 'where no object is'
expect "memory of gc_root_add" says "why large" "is 77 bytes into an object of 3000000 bytes" \
    "^  memory of gc_root_add, at $a" "^   -> 3000000 bytes"
expect "a word that is a pointer by its layout" says "why pointed" '^  memory of gc_root_add' '^   -> 16 bytes' \
    '^  .0 -> 48 bytes'
expect "one that is none" says "why unpointed" 'nothing leads to it'
expect "a stack" says "why stack" '^  the stack of thread [0-9]+ .number 2 of gdb., at'
expect "thread-local data" says "why local" '^  thread-local data of thread [0-9]+ .number 2 of gdb., at'
expect "a timer" says "why timed" '^  what a timer passes on' '^   -> 24 bytes'
expect "a descriptor" says "why polled" '^  a descriptor that epoll watches' '^   -> 24 bytes'
expect "a stream" says "why buffer" '^  a stream of stdio' '^   -> 600 bytes'
expect "the environment" says "why variable" '^  a variable of the environment' '^   -> 9 bytes'
expect "roots are listed" says roots 'static data, from ' 'memory of gc_root_add' 'the stack of thread'
expect "functions and pointers" says functions ' = 1$' ' = 3[0-9]*$' ' = 0$' ' = 1$' "$a <40 bytes, scanned>$" "$a$"
expect "in a collection, the same are there" says collection \
    "^  objects     $(section known facts && cut -d' ' -f1 section), in slots of" '^  static data: table in section' \
    "^  .0 -> 100 bytes"
expect "after it, no garbage is" says after 'no object is' 'living, reached by the last collection'

dead() { debug -x ask "$programs/facts" core && sed -n '/^== known/,/^== end/p' said-by-gdb >dead; }
expect "a core file" dead
same() { sed -n '/^== known/,/^== end/p' facts | diff - dead; }
expect "it says the same" same

# ---- Others ----

strip -o libgcalloc-malloc.so "$here/.libs/libgcalloc-malloc.so"
as_malloc() {
    debug -ex "set environment LD_PRELOAD=$tmp/libgcalloc-malloc.so" -ex 'break served' -ex run \
        -ex 'echo == heap\n' -ex 'gcalloc heap -v' -ex 'echo == why\n' \
        -ex 'gcalloc why cache.newest->older->older->text' -ex 'echo == end\n' "$programs/cache" && mv said-by-gdb facts
}
expect "as malloc, stripped" as_malloc
expect "what the program has" says heap '^  1024 manual +[0-9]+ +1000 +1024000'
expect "why" says why "^$a is an object of 10[0-9]+ bytes, and in use:" '^  static data: cache \+ 16 in section .bss' \
    '^   -> 16 bytes' '^  .0 -> 16 bytes' '^  .0 -> 16 bytes' '^  .8 -> 10[0-9]+ bytes'
# Of a place that allocates often two calls are recorded, but for one time in 128.
briefly() {
    debug -ex "set environment LD_PRELOAD=$tmp/libgcalloc-malloc.so" \
        -ex 'set environment GCALLOC_OPTIONS=stacks=some:memory=0:idle=0' -ex 'break served' -ex run \
        -ex 'echo == brief\n' -ex 'gcalloc object cache.newest->text' -ex 'gcalloc object cache.newest->older->text' \
        -ex 'echo == end\n' "$programs/cache" && mv said-by-gdb facts
}
expect "short stacks" briefly
expect "they say so" says brief '#0  render  +cache.c:' '#1  serve  +cache.c:' \
    '^    ... called from where was not recorded; option stacks=all does$'
if [ -x "$programs/facts-static" ]; then
    static() {
        debug -ex 'break known' -ex run -ex 'printf "%lu known\n", objects' -ex 'gcalloc heap' \
            -ex 'gcalloc why ~hidden_local' "$programs/facts-static" && mv said-by-gdb facts || return 1
        number=$(sed -n 's/ known$//p' facts)
        has facts "^  objects     $number, in slots of" '^  thread-local data of thread'
    }
    expect "a program that contains the library" static
fi
refuses() { # MESSAGE ARGUMENTS...
    message=$1
    shift
    debug "$@" && has said-by-gdb "^gcalloc: $message"
}
expect "no library" refuses 'no gcalloc heap in this program' -ex starti -ex 'gcalloc heap' -ex 'echo \n' "$(command -v true)"
expect "no process" refuses 'the program does not run' -ex 'gcalloc heap' -ex 'echo \n' "$programs/facts"
expect "no such name" refuses 'No symbol "nowhere" in current context' -ex 'break known' -ex run -ex 'gcalloc why nowhere' \
    -ex 'echo \n' "$programs/facts"
expect "a damaged heap" refuses 'the heap is damaged' -ex 'break known' -ex run -ex 'python
from gcalloc_gdb.heap import Heap
heap = Heap()
where = heap.table.field(heap.record, "heap.words")
t = heap.table
word = t["UNIT_USED"] | 1 << t["UNIT_BIN_SHIFT"] | 1 << t["UNIT_DISTANCE_SHIFT"]
gdb.selected_inferior().write_memory(where, word.to_bytes(8, "little") * len(heap.words))' -ex 'gcalloc object table.first' -ex 'echo \n' "$programs/facts"
in_rust() {
    debug -ex 'break known' -ex run -ex 'set $p = table.first' -ex 'set language rust' -ex 'print $gc_base($p)' \
        -ex 'gcalloc object $p' "$programs/facts" && has said-by-gdb '^[$]1 = .*0x' && has said-by-gdb 'an object of 4. bytes$'
}
expect "another language" in_rust
by_loader() {
    loader=$(readelf -l "$programs/facts" | sed -n 's/.*interpreter: \(.*\)]$/\1/p') && [ -x "$loader" ] || return 1
    debug -ex 'set breakpoint pending on' -ex 'break gc_stats_types' -ex run -ex 'gcalloc roots' \
        --args "$loader" --library-path "$here/.libs" "$programs/facts" && has said-by-gdb 'memory of gc_root_add' &&
        [ "$(grep -c '  static data' said-by-gdb)" -ge 3 ] && ! grep -q 'not looked at: static data' said-by-gdb || { cat said-by-gdb; return 1; }
}
expect "started by the loader" by_loader
expect "no address" refuses 'an address is missing' -ex 'break known' -ex run -ex 'gcalloc why' -ex 'echo \n' "$programs/facts"

# ---- Installed ----

library=$(readlink -f "$here/.libs/libgcalloc.so")
loaded_by_itself() {
    ${MAKE:-make} -C "$here" install-data-hook DESTDIR="$tmp/root" >log 2>&1 || { cat log; return 1; }
    script=$(find root -name "${library##*/}-gdb.py") && [ -n "$script" ] || { find root; return 1; }
    grep -q '^import gcalloc_gdb' "$script" || return 1
    mkdir -p "$tmp/auto/${library%/*}"
    sed "s|insert(0, .*)|insert(0, \"$srcdir/tools/gdb\")|" "$script" >"$tmp/auto/$library-gdb.py"
    gdb -nx -batch -ex "set auto-load scripts-directory $tmp/auto" -ex 'set auto-load safe-path /' \
        -ex 'set startup-with-shell off' -ex 'break known' -ex run -ex 'gcalloc heap' "$programs/facts" </dev/null >got 2>&1
    has got '^  objects  '
}
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR
expect "gdb finds the commands by the library's name" loaded_by_itself

finish
