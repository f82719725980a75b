#!/bin/sh
# gcalloc leaks, guard and run, and what they have in common with collect: programs with known faults, each flag
# and each error with what it says; and real programs, which say what they say without it.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin run || exit 1
find_tool
built=$PWD
library=$PWD/.libs/libgcalloc-malloc.so
cc=${CC:-cc}
[ -e "$library" ] || { echo "run: there is no $library"; exit 77; }
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
cd "$tmp" || exit 1

# ---- What is expected ----

# says STATUS OUT ERR COMMAND...: the status, all of the output, and all of the errors but for addresses and
# the numbers of processes.
says() {
    printf '%s' "$2${2:+
}" >wanted.out
    printf '%s' "$3${3:+
}" >wanted.err
    wanted=$1
    shift 3
    "$@" >got.out 2>raw.err
    got=$?
    sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/process [0-9]+/process N/' raw.err >got.err
    [ "$got" = "$wanted" ] || echo "status $got, not $wanted"
    diff wanted.out got.out && diff wanted.err got.err && [ "$got" = "$wanted" ]
}
# refuses STATUS MESSAGE ARGUMENTS...: one line on stderr, and nothing is run.
refuses() {
    status=$1 message=$2
    shift 2
    says "$status" "" "gcalloc: $message" "$tool" "$@"
}
lacks() { ! has "$@" >/dev/null || { cat "$1"; return 1; }; }

# ---- Programs ----

cat >leaky.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
static void *volatile hidden;
static void lose(size_t size) { hidden = malloc(size); hidden = NULL; }
static void clear(void) { volatile char space[8192]; for (size_t i = 0; i < sizeof space; i++) space[i] = 0; }
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "fork") == 0) {
            if (fork() == 0) { lose(777); clear(); exit(0); }
            wait(NULL);
        } else if (strcmp(argv[i], "twice") == 0) {
            void *p = malloc(40);
            free(p);
            free(p);
        } else if (strcmp(argv[i], "abort") == 0) {
            abort();
        } else if (strcmp(argv[i], "show") == 0) {
            printf("%d %s %s\n", (int)getpid(), getenv("GCALLOC_OPTIONS"), getenv("LD_PRELOAD"));
        } else {
            lose((size_t)atoi(argv[i]));
        }
    clear();
    puts("done");
    return 7;
}
END
$cc -g -O0 -fno-builtin -o leaky leaky.c || exit 1
echo 'int main(void) { return 0; }' >empty.c

summary() { # OBJECTS BYTES: of the leaks
    printf '  definite   %10d object%s %12d bytes  nothing points to them' "$1" \
        "$([ "$1" = 1 ] && echo ' ' || echo s)" "$2"
}

# ---- leaks ----

expect "a leak's status is the program's" says 7 "done" "
gcalloc: leak report of process N

Leak of 1234 bytes in 1 object
    #0  lose                         leaky.c:7
    #1  main                         leaky.c:24
  1234 bytes at ADDRESS
    0000  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
    0010  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................

Summary
$(summary 1 1234)
  indirect            0 objects            0 bytes  only leaks point to them
  possible            0 objects            0 bytes  only pointers inside
  reachable           1 object          4096 bytes  not freed, still in use" \
    env "$tool" leaks ./leaky 1234
for flag in "--error-exitcode=9" "--error-exitcode 9" "-e 9" "-e9" "--error=9"; do
    # shellcheck disable=SC2086 # a list of words
    expect "$flag with a leak" sh -c '"$0" leaks "$@" 2>/dev/null; [ $? = 9 ]' "$tool" $flag ./leaky 10
    # shellcheck disable=SC2086
    expect "$flag without" sh -c '"$0" leaks "$@" 2>/dev/null; [ $? = 7 ]' "$tool" $flag ./leaky
done
expect "-o: nothing on stderr" says 7 "done" "" "$tool" leaks -o report ./leaky 55
expect "and the report in the file" has report '^Leak of 55 bytes in 1 object$'
expect "a report takes the place of an older one" says 7 "done" "" "$tool" leaks -o report ./leaky 66
expect "of which nothing is left" lacks report '^Leak of 55 bytes'
expect "-o with %p" says 7 "done" "" "$tool" leaks --output=p.%p ./leaky 67
expect "is a file for the process" [ "$(ls p.* | grep -c '^p\.[0-9]*$')" = 1 ]
expect "--json" says 7 "done" "" "$tool" leaks --json -o json ./leaky 68
expect "is JSON" has json '"version":1.*"class":"definite", *"objects":1, *"bytes":68'
printf 'leak:lose\n' >suppressed
expect "--suppressions" says 7 "done" "" "$tool" leaks -s suppressed -o report -e 3 ./leaky 69
expect "leaves the leak out" has report 'suppressed  *1 object  *69 bytes'
expect "--gen-suppressions" says 7 "done" "" "$tool" leaks --gen-suppressions -o report ./leaky 70
sed -n '/^{$/,/^}$/p' report >suppressed
expect "makes one" has suppressed '^   match-leak-kinds: definite$' '^   fun:lose$' '^   fun:main$'
expect "that can be given back" says 7 "done" "" "$tool" leaks -s suppressed -o report -e 3 ./leaky 70
expect "--groups" says 7 "done" "" "$tool" leaks --groups=1 -o report ./leaky 100
expect "--depth" says 7 "done" "" "$tool" leaks --depth=1 -o report ./leaky 101
expect "has one frame" [ "$(grep -c '#[0-9]' report)" = 1 ]
expect "--stacks" says 7 "done" 'gcalloc: free(ADDRESS): double free' \
    "$tool" leaks --stacks -o report ./leaky twice
expect "knows who freed first" has report '^gcalloc: free(0x[0-9a-f]*): double free$' '^  freed first by$'
expect "--all and --heap-limit" says 7 "done" "" "$tool" leaks --all --heap-limit=64M -o report ./leaky
expect "--log and --log-file" says 7 "done" "" "$tool" leaks --log --log-file=log -o report ./leaky
expect "a line in the log" has log '^gcalloc: gc 1 (leaks)'
expect "--stats" says 7 "done" "" "$tool" run --stats -L stats ./leaky
expect "statistics" has stats collections

# ---- Children ----

expect "a child has a report" says 7 "done" "" "$tool" leaks -o report ./leaky fork 88
expect "its own" has report '^Leak of 777 bytes' '^Leak of 88 bytes'
expect "one for each process" [ "$(grep -c '^gcalloc: leak report of process' report)" = 2 ]
expect "--follow-fork=no" says 7 "done" "" "$tool" leaks --follow-fork=no -o report ./leaky fork 88
expect "the program's" has report '^Leak of 88 bytes'
expect "alone" lacks report '^Leak of 777 bytes'
expect "a program that is run by a child" says 0 "done" "" \
    "$tool" leaks -f no -o report sh -c './leaky 91; :'
expect "is none either" lacks report '^Leak of 91 bytes'
expect "but one that takes the place is" says 7 "done" "" \
    "$tool" leaks -f no -o report sh -c 'exec ./leaky 92'
expect "the same process" has report '^Leak of 92 bytes'

# ---- guard, run ----

expect "guard" says 7 "done" "gcalloc: free(ADDRESS): double free
  the object of up to 48 bytes there was freed before
  called by
    #0  main                         leaky.c:18
  allocated by
    #0  main                         leaky.c:16
  freed first by
    #0  main                         leaky.c:17
  nothing was done" "$tool" guard --fence=0 ./leaky twice
aborts() { "$tool" guard -o report "$@" ./leaky twice 2>/dev/null; [ $? = 134 ]; }
expect "guard --on-bad-free=abort" aborts --on-bad-free=abort
expect "guard -b abort" aborts -b abort
expect "run" says 7 "done" "" "$tool" run ./leaky 10
expect "as it is built" says 7 "done" "" env -u LD_LIBRARY_PATH "$built/tools/gcalloc" run ./leaky 10
expect "malloc" says 7 "done" "" "$tool" malloc -- ./leaky 10
dies() { "$tool" "$1" -o report ./leaky abort 2>/dev/null; [ $? = 134 ]; }
for command in leaks guard collect run; do
    expect "$command: the program's signal" dies $command
done
same_process() { # the program is what was started
    "$tool" run ./leaky show >shown &
    wait $!
    has shown "^$! "
}
expect "the program is the process that was started" same_process
expect "the program's own flags are its own" says 0 "-o x --json" "" "$tool" run echo -o x --json

# ---- The environment ----

shown() { # PATTERN COMMAND...
    pattern=$1
    shift
    "$@" >shown 2>/dev/null
    has shown "$pattern"
}
expect "options" shown " leaks=1:mappings=1:depth=3:floor=2M:idle=0 $library\$" \
    "$tool" leaks -d 3 --options=floor=2M:idle=0 ./leaky show
expect "those of the environment come first" shown " idle=0:stacks=some:canary=1:poison=1:mismatch=1:fence=1000:depth=4 $library\$" \
    env GCALLOC_OPTIONS=idle=0 "$tool" guard --depth=4 ./leaky show
expect "so that the command line decides" says 7 "done" "" \
    env GCALLOC_OPTIONS=report=other "$tool" leaks -o report ./leaky 45
expect "and LD_PRELOAD stays" shown " $library:libm.so.6\$" \
    env LD_PRELOAD=libm.so.6 "$tool" run ./leaky show
expect "the library is there once" shown " leaks=1:mappings=1:leaks=1:mappings=1 $library\$" \
    "$tool" leaks "$tool" leaks ./leaky show
cp "$library" another.so
expect "GCALLOC_MALLOC" shown "  $tmp/another.so\$" env GCALLOC_MALLOC=another.so "$tool" run ./leaky show
expect "a library that is missing" says 125 "" \
    "gcalloc: the library /not/there.so is missing: install gcalloc again, or name the library in GCALLOC_MALLOC" \
    env GCALLOC_MALLOC=/not/there.so "$tool" run ./leaky
mkdir "a folder" && cp "$library" "a folder/"
expect "a library with a space" says 125 "" \
    "gcalloc: the library $tmp/a folder/libgcalloc-malloc.so cannot be preloaded: its path may have no space, colon or dollar" \
    env GCALLOC_MALLOC="a folder/libgcalloc-malloc.so" "$tool" run ./leaky

# ---- The command line ----

expect "help" sh -c '"$0" --help | grep -q "^  leaks  "' "$tool"
for command in leaks guard collect run; do
    for help in "$command --help" "$command -h" "help $command"; do
        # shellcheck disable=SC2086
        "$tool" $help >help 2>err
        expect "$help" has help "^usage: gcalloc $command \[FLAGS\]" '-o, --output=FILE' "^  gcalloc $command "
        expect "$help: nothing on stderr" [ ! -s err ]
        expect "$help: no line over 100 characters" sh -c '! grep -E "^.{101}" help'
    done
done
expect "a command that does not exist" refuses 2 \
    'there is no command laeks (did you mean leaks?); `gcalloc --help` lists them' laeks ./leaky
expect "one like none" refuses 2 'there is no command xyzzy; `gcalloc --help` lists them' xyzzy
expect "a program for a command" refuses 2 \
    'there is no command ./leaky; `gcalloc leaks ./leaky` looks for its leaks' ./leaky
expect "no program" refuses 2 'gcalloc leaks needs a program to run: `gcalloc leaks --help`' leaks
expect "no program, but flags" refuses 2 'gcalloc run needs a program to run: `gcalloc run --help`' run --log --
expect "a flag that does not exist" refuses 2 \
    'gcalloc leaks has no flag --dept-h (did you mean --depth?); `gcalloc leaks --help` lists them' leaks --dept-h=3 ./leaky
expect "a flag like none" refuses 2 'gcalloc run has no flag --xyzzy; `gcalloc run --help` lists them' run --xyzzy ./leaky
expect "another command's flag" refuses 2 \
    'gcalloc run has no flag --error-exitcode; `gcalloc run --help` lists them' run --error-exitcode=3 ./leaky
expect "a letter" refuses 2 'gcalloc run has no flag -e; `gcalloc run --help` lists them' run -e 3 ./leaky
expect "an argument too much" refuses 2 'flag --json takes no argument' leaks --json=yes ./leaky
expect "an argument too few" refuses 2 'flag --output needs an argument' leaks --output
for wrong in x -1 256 1x ""; do
    expect "a number that is '$wrong'" refuses 2 "--error-exitcode is a number from 0 to 255, not \"$wrong\"" \
        leaks "--error-exitcode=$wrong" ./leaky
done
for wrong in M 12Q 1MM -3 ""; do
    expect "a size that is '$wrong'" refuses 2 "--heap-limit is a size such as 512M, not \"$wrong\"" \
        run "--heap-limit=$wrong" ./leaky
done
expect "a choice" refuses 2 '--follow-fork is one of yes|no, not "maybe"' run --follow-fork=maybe ./leaky
expect "part of a choice" refuses 2 '--on-bad-free is one of warn|abort, not "warn|abort"' guard -b 'warn|abort' ./leaky
expect "a colon" refuses 2 '--output: the name of the file may not have a colon, which separates options' \
    leaks -o a:b ./leaky
expect "a name that is empty" refuses 2 '--output: the name of the file may not be empty' leaks -o '' ./leaky
expect "a name that is too long" refuses 2 '--output: the name of the file is too long' \
    leaks -o "$(printf '%0300d' 0)" ./leaky
expect "a report that cannot be written" refuses 125 \
    '--output: not/there cannot be written: No such file or directory' leaks -o not/there ./leaky

# ---- Programs that cannot be served ----

expect "no such program" refuses 127 'no-such: there is no such program in the folders of PATH' leaks no-such
expect "one in this folder" refuses 127 \
    'leaky: there is no such program in the folders of PATH (did you mean ./leaky?)' leaks leaky
expect "no such path" refuses 127 './no-such: No such file or directory' leaks ./no-such
expect "a folder" refuses 126 '/tmp is a folder, not a program' leaks /tmp
expect "a file" refuses 126 \
    './leaky.c may not be executed: Permission denied (chmod +x makes a file a program)' leaks ./leaky.c
mkdir first second
cp leaky.c first/leaky
cp leaky second/
cp leaky second/leaky-program
expect "PATH has the file that can be run" says 7 "done" "" \
    env PATH="$tmp/first:$tmp/second:$PATH" "$tool" run leaky
expect "PATH has only a file that cannot" says 126 "" \
    "gcalloc: $tmp/first/leaky may not be executed: Permission denied (chmod +x makes a file a program)" \
    env PATH="$tmp/first:/usr/bin:/bin" "$tool" run leaky
if $cc -static -o static empty.c 2>/dev/null; then
    expect "a static program" refuses 126 \
        './static is linked statically, and nothing can be preloaded to it: link it without -static, or have it call gc_alloc itself (docs/porting.md)' leaks ./static
    printf '#!%s/static\n' "$tmp" >script-of-static
    chmod +x script-of-static
    expect "a script for one" refuses 126 \
        "$tmp/static is linked statically, and nothing can be preloaded to it: link it without -static, or have it call gc_alloc itself (docs/porting.md)" leaks ./script-of-static
fi
if $cc -static-pie -o static-pie empty.c 2>/dev/null; then
    expect "a static position-independent one" refuses 126 \
        './static-pie is linked statically, and nothing can be preloaded to it: link it without -static, or have it call gc_alloc itself (docs/porting.md)' leaks ./static-pie
fi
# A copy of a program whose header says something else: 18 is the place of the machine, 4 that of the word size.
poke() { # FILE PLACE OCTAL
    cp leaky "$1"
    printf "\\$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
here=$(uname -m)
case $here in
x86_64) own='64-bit ones for x86-64' ;;
aarch64) own='64-bit ones for AArch64' ;;
*) own= ;;
esac
if [ -n "$own" ]; then
    poke riscv 18 363
    expect "another processor" refuses 126 \
        "./riscv is a 64-bit program for RISC-V, and this gcalloc serves $own: use a gcalloc that was built for it" leaks ./riscv
    poke arm 18 50
    printf '\1' | dd of=arm bs=1 seek=4 conv=notrunc status=none
    expect "another word size" refuses 126 \
        "./arm is a 32-bit program for ARM, and this gcalloc serves $own: use a gcalloc that was built for it" leaks ./arm
fi
$cc -o musl empty.c -Wl,--dynamic-linker=/lib/ld-musl-any.so.1 &&
    expect "musl" refuses 126 \
        './musl is linked with the C library musl, and this gcalloc serves programs of glibc: build the program with glibc' leaks ./musl
cat >own.c <<'END'
#include <stddef.h>
static char memory[1 << 20];
static size_t used;
void *malloc(size_t size) { used += (size + 15) / 16 * 16; return memory + used - (size + 15) / 16 * 16; }
void free(void *p) { (void)p; }
int main(void) { return malloc(3) == NULL; }
END
$cc -fno-builtin -o own own.c &&
    expect "a malloc of its own" refuses 126 \
        './own has a malloc of its own, which comes before any that is preloaded: build it with the C library'"'"'s' leaks ./own
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$tmp"
    for kind in user:4755:65534:0 group:2755:0:65534; do
        name=${kind%%:*} rest=${kind#*:}
        cp leaky set-$name
        chown "${rest#*:}" set-$name
        chmod "${rest%%:*}" set-$name
        expect "set-$name-ID" refuses 126 \
            "./set-$name runs with privileges (set-$name-ID), and the loader preloads nothing for such: run a copy without them (cp makes one), or as the user that it runs as" leaks ./set-$name
    done
    chown 0:0 set-user && chmod 4755 set-user
    expect "set-user-ID of the same user" says 7 "done" "" "$tool" run ./set-user
elif [ -u /usr/bin/passwd ]; then
    expect "set-user-ID" refuses 126 \
        "/usr/bin/passwd runs with privileges (set-user-ID), and the loader preloads nothing for such: run a copy without them (cp makes one), or as the user that it runs as" leaks /usr/bin/passwd
fi
printf '#!/no/such/interpreter -x\n' >bad-script
printf '#! /bin/sh -e\necho "$@"\n' >script
printf 'echo "plain $1"\n' >plain
: >nothing
chmod +x bad-script script plain nothing
expect "a script without its interpreter" refuses 126 \
    './bad-script is a script for /no/such/interpreter: No such file or directory' leaks ./bad-script
expect "a script" says 0 "a b" "" "$tool" run ./script a b
expect "a script without its first line" says 0 "plain a" "" "$tool" run ./plain a
expect "an empty one" says 0 "" "" "$tool" run ./nothing
loader=$(readelf -l leaky | sed -n 's/.*interpreter: \(.*\)]/\1/p')
expect "by the loader" says 7 "done" "" "$tool" run "$loader" ./leaky

# ---- Real programs ----

real() { # COMMAND...: the same output and status with each command
    command -v "$1" >/dev/null || { echo "run: $1 is not installed"; return 0; }
    "$@" >plain.out 2>/dev/null
    plain=$?
    for command in leaks guard profile run; do
        expect "$command $*" sh -c '"$0" "$@" -o report '"$command"'; :' true
        "$tool" "$command" -o report "$@" >got.out 2>got.err
        got=$?
        expect "$command $1: the status" [ "$got" = "$plain" ]
        expect "$command $1: the output" cmp plain.out got.out
    done
}
real perl -e 'my %h; push @{$h{$_ % 7}}, $_ for 1 .. 5000; print join(",", map { scalar @{$h{$_}} } sort keys %h), "\n"'
real /usr/bin/python3 -c 'import json; print(json.dumps({str(i): [i] * 3 for i in range(500)}, sort_keys=True))'
real sqlite3 :memory: 'create table t(a, b);' 'insert into t values (1, 2), (3, 4);' 'select sum(a), max(b) from t;'
real git hash-object leaky.c
real git --no-pager diff --no-index --stat leaky.c own.c

# ---- Installed ----

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR
install() {
    (cd "$built" && ${MAKE:-make} install-exec install-dist_bashcompletionDATA \
        install-man1 DESTDIR="$tmp/root")
}
expect "make install" install
installed=$(find root -type f -name gcalloc -perm -100 | head -n 1)
expect "the command is there" [ -x "$installed" ]
expect "the manual page" [ -n "$(find root -name 'gcalloc.1*')" ]
completion=$(find root -path '*/bash-completion/completions/gcalloc')
expect "the completion" [ -s "$completion" ]
expect "the installed one works" says 7 "done" "" env -u LD_LIBRARY_PATH "./$installed" leaks -o report -L log ./leaky 99
expect "and finds leaks" has report '^Leak of 99 bytes'
expect "with the library beside it" shown " $tmp/root/.*/libgcalloc-malloc.so\$" \
    env -u LD_LIBRARY_PATH "./$installed" run ./leaky show
mv "$(find "$tmp/root" -name libgcalloc-malloc.so)" elsewhere.so
missing() { env -u LD_LIBRARY_PATH "./$installed" run ./leaky 2>&1 | grep -q "^gcalloc: the library $tmp/root/.*/libgcalloc-malloc.so is missing"; }
expect "the library is missed" missing

# ---- Completion ----

complete() { # WORDS...: what bash offers for the last one, on one line
    PATH="${tool%/*}:$tmp/second:$PATH" bash -c '. "$0"; COMP_WORDS=(gcalloc "$@"); COMP_CWORD=$#; compopt() { :; }
        _gcalloc; echo "${COMPREPLY[*]}"' "$srcdir/tools/completion/gcalloc" "$@"
}
offers() { # WANTED WORDS...
    wanted=$1
    shift
    got=$(complete "$@")
    [ "$got" = "$wanted" ] || { echo "'$got', not '$wanted'"; return 1; }
}
if command -v bash >/dev/null; then
    expect "commands are completed" offers "leaks" le
    expect "all of them" offers "collect guard leaks profile region report run stat top why help --help --version" ""
    expect "files for report" offers "" report prog
    expect "what --by may be" offers "allocated peak end temporary leaked" report --by ""
    expect "flags of report" offers "--folded" report --fo
    expect "of region" offers "stat" region st
    expect "flags" offers "--output= --on-bad-free= --options=" leaks --o
    expect "values" offers "yes no" leaks --follow-fork = ""
    expect "part of a value" offers "abort" guard -b x --on-bad-free ab
    expect "values of guard's --stacks" offers "some all" guard --stacks = ""
    expect "as a word of its own" offers "all" guard --stacks a
    expect "and the program behind it" offers "leaky-program" guard --stacks some leaky-p
    expect "leaks' --stacks has none" offers "leaky-program" leaks --stacks leaky-p
    expect "programs" offers "leaky-program" leaks --json leaky-p
    expect "what is the program's is not" offers "" leaks -o x ./leaky --o
fi

finish
