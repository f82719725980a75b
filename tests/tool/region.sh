#!/bin/sh
# gcalloc region: each command on regions that a helper makes, in shared memory and in files, as text and as
# JSON; and what is no region, is damaged, is not there or may not be opened.  Status 77 where everything
# passed, but there is nothing to read JSON with.
srcdir=${srcdir:-.}
. "$srcdir/tests/expect.sh" && begin region || exit 1
find_tool
helper=tests/tool/helper
shared=/gcalloc-tool-$$
file=$tmp/file.gc
staying=
trap '[ -z "$staying" ] || exec 3>&-; rm -f "/dev/shm$shared"; chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT

# ---- What is expected ----

region() { $tool region "$@"; }
status_is() { # STATUS COMMAND...
    wanted=$1
    shift
    "$@"
    got=$?
    [ "$got" = "$wanted" ] || { echo "status $got, not $wanted"; return 1; }
}
says() { # STATUS PATTERN COMMAND...: output and errors together
    wanted=$1 pattern=$2
    shift 2
    status_is "$wanted" "$@" >"$tmp/output" 2>&1 || { cat "$tmp/output"; return 1; }
    grep -q -e "$pattern" "$tmp/output" || { cat "$tmp/output"; return 1; }
}

# Of what reads JSON: `json EXPRESSION COMMAND...` is whether it is true of the output, as jq says it.
if command -v jq >/dev/null; then
    json() { expression=$1; shift; "$@" >"$tmp/json" && jq -e "$expression" "$tmp/json"; }
elif command -v python3 >/dev/null; then
    json() { shift; "$@" >"$tmp/json" && python3 -m json.tool "$tmp/json"; }
else
    json() { return 0; }
    without_json=1
fi

# ---- The command line ----

expect "help" says 0 usage $tool --help
expect "help of region" says 0 dump region --help
expect "version" says 0 '^gcalloc [0-9]' $tool --version
expect "no command" says 2 usage $tool
expect "no such command" says 2 'no command regoin' $tool regoin
expect "no command of region" says 2 usage region
expect "no such command of region" says 2 'no command region lss' region lss
expect "no such option" says 2 'no option --jsn' region ls --jsn
expect "an option of another command" says 2 'no option --force' region ls --force
expect "no name" says 2 'needs the name' region stat
expect "two names" says 2 'needs the name' region stat /a /b
expect "a name too much" says 2 'takes no name' region ls /a
expect "no width" says 2 'width' region map /a --width wide
expect "an option without its argument" says 2 'needs an argument' region map /a --svg

# ---- In shared memory, and in a file ----

all_of() { # NAME: with each command that only reads
    expect "stat $1" says 0 'roots *4' region stat "$1"
    expect "stat --json $1" json '.roots == 4 and .processes == []' region stat "$1" --json
    expect "check $1" says 0 ': sound' region check "$1"
    expect "check --json $1" json .sound region check "$1" --json
    expect "roots $1" says 0 '[0-9]  text$' region roots "$1"
    expect "a root's name hides no control character" says 0 '"\\xff\\x1b$' region roots "$1"
    expect "roots --json $1" json 'length == 4 and any(.name == "\"\ufffd\u001b")' \
        region roots "$1" --json
    expect "dump $1" says 0 'atomic$' region dump "$1"
    expect "dump --contents $1" says 0 '68 65 6c 6c 6f 00.* hello' region dump "$1" --contents
    expect "dump --json $1" json 'length >= 1001 and all(.size >= 40)' region dump "$1" --json
    expect "dump --contents --json $1" json 'any(.contents | startswith("68656c6c6f00"))' \
        region dump "$1" --contents --json
    expect "map $1" says 0 'Each character is' env LC_ALL=C $tool region map "$1" --width 32
    expect "map --json $1" json '[.stretches[].fill] | add > 0' region map "$1" --json
    expect "map --svg $1" region map "$1" --svg "$tmp/map.svg"
    expect "a drawing of $1" grep -q '</svg>' "$tmp/map.svg"
}
expect "a region in shared memory is made" $helper make "$shared"
all_of "$shared"
expect "ls" says 0 "sound  *$shared\$" region ls
expect "ls --json" json "any(.name == \"$shared\" and .limit == 67108864)" region ls --json
expect "collect" says 0 'reclaimed  1000 objects' region collect "$shared"
expect "collect --json" json '.reclaimed_objects == 0 and .live_objects == 1001' \
    region collect "$shared" --json
expect "a region in a file is made" $helper make "$file"
all_of "$file"
only_reads() { cp "$file" "$tmp/copy.gc" && all_of "$file" && cmp "$file" "$tmp/copy.gc"; }
expect "what reads changes nothing" only_reads
expect "what is only read, beside what is not" $helper look "$file"
expect "collect in a file" says 0 '1001 objects' region collect "$file"
in_its_folder() { (cd "$tmp" && "$tool" region check file.gc); }
expect "a name without a slash is a file's" in_its_folder
expect "--file" says 3 'No such file' region stat "$shared" --file

# ---- Others have it, or have died with it ----

mkfifo "$tmp/in" "$tmp/out"
$helper stay "$shared" <"$tmp/in" >"$tmp/out" &
staying=$!
exec 3>"$tmp/in"
read -r ready <"$tmp/out"
expect "a process has it" [ "$ready" = ready ]
expect "stat names it" says 0 'process [0-9]*: 1 threads, 1 objects held$' region stat "$shared"
expect "and in JSON" json '.processes[0].holds == 1 and (.processes[0].dead | not)' \
    region stat "$shared" --json
expect "ls counts it" json "any(.name == \"$shared\" and .processes == 1)" region ls --json
expect "check beside it" says 0 sound region check "$shared"
expect "collect beside it" says 0 'live  *1001 objects' region collect "$shared"
expect "rm is refused" says 3 '1 processes have it' region rm "$shared"
expect "and nothing is removed" [ -f "/dev/shm$shared" ]
expect "rm --force" region rm "$shared" --force
expect "the name is gone" [ ! -e "/dev/shm$shared" ]
exec 3>&-
expect "the process goes on to its end" wait $staying
staying=
dies() { $helper die "$file"; [ $? -gt 128 ]; }
expect "a process dies in a bracket" dies
expect "which is seen" says 0 'to be recovered' region stat "$file"
expect "and its death" says 0 ', dead$' region stat "$file"
expect "what the dead one has is sound" says 0 sound region check "$file"
expect "a collection takes it off" says 0 '1001 objects' region collect "$file"
expect "and nobody has it" says 0 'processes *0' region stat "$file"

# ---- What is wrong ----

expect "rm of what is not there" says 3 'No such file.*region ls' region rm "$shared"
for command in stat check collect dump roots map rm; do
    expect "$command of what is not there" says 3 'No such file' region $command "$shared-not"
    expect "$command of a file that is not there" says 3 'No such file' \
        region $command "$tmp/not"
done
echo "this is no region" >"$tmp/other"
: >"$tmp/empty"
head -c 100000 /dev/zero >"$tmp/zeros"
for other in other empty zeros; do
    for command in stat collect dump roots map rm; do
        expect "$command of $other" says 3 'it is no region' region $command "$tmp/$other"
    done
    expect "check of $other" says 1 'it is no region' region check "$tmp/$other"
    expect "it is left alone" [ -f "$tmp/$other" ]
done
expect "a folder" says 3 . region stat "$tmp"

poke() { # FILE PLACE: changes a byte
    printf '\125' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
cp "$file" "$tmp/first.gc"
poke "$tmp/first.gc" 18
expect "a damaged first page" says 1 'first page is damaged' region check "$tmp/first.gc"
expect "which stat says, too" says 3 'first page is damaged' region stat "$tmp/first.gc"
cp "$file" "$tmp/short.gc"
truncate -s 100000 "$tmp/short.gc"
expect "a truncated file" says 1 truncated region check "$tmp/short.gc"
cp "$file" "$tmp/root.gc"
expect "a root is damaged" $helper damage "$tmp/root.gc"
expect "check finds it" says 1 'a root leads to no object' region check "$tmp/root.gc"
expect "and says so in JSON" status_is 1 region check "$tmp/root.gc" --json
expect "which can be read" json '.sound == false' cat "$tmp/said"
expect "dump still goes" says 0 scanned region dump "$tmp/root.gc"
cp "$file" "$tmp/version.gc"
poke "$tmp/version.gc" 8
expect "another version's, whose sum is not right" says 3 . region stat "$tmp/version.gc"
expect "a drawing that cannot be written" says 3 'not/map.svg' region map "$file" --svg "$tmp/not/map.svg"
full() { $tool region dump "$file" --contents >/dev/full; }
[ ! -c /dev/full ] || expect "output that cannot be written" says 3 'could not be written' full

# The helper sees to it that modes hold for root, too.
expect "one for nobody" chmod 0 "$file"
bound() { $helper bound "$tool" "$@"; }
bound --version >/dev/null 2>&1
if [ $? != 77 ]; then
    for command in stat check collect dump roots map; do
        expect "$command without the right to" says 3 'Permission denied.*owner' \
            bound region $command "$file"
    done
else
    echo "region: modes do not bind this user: no test of what may not be opened" >&2
fi
chmod 600 "$file"
expect "rm of a file" region rm "$file"
expect "it is gone" [ ! -e "$file" ]

finish || exit 1
[ -z "$without_json" ] || { echo "region: neither jq nor python3: JSON was not looked at"; exit 77; }
