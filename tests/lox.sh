#!/bin/sh
# The Lox demo's own tests, on the library as it was built: plainly, with a collection at every few refills of a
# cache, each checked by the naive marker, and with young collections; and programs in a small heap: what they
# drop makes room, and what they keep ends in an error.
lox=$PWD/demos/lox/lox
folder="${srcdir:-.}/demos/lox"
"$folder/run-tests.sh" "$lox" || exit 1
GCALLOC_OPTIONS=stress=100:verify=1 "$folder/run-tests.sh" "$lox" || exit 1
GCALLOC_OPTIONS=generations=always "$folder/run-tests.sh" "$lox" "$folder/tests/memory" || exit 1
GCALLOC_OPTIONS=heap_limit=40M "$lox" "$folder/tests/memory/garbage.lox" >/dev/null || exit 1
GCALLOC_OPTIONS=heap_limit=4M "$lox" "$folder/tests/memory/server.lox" >/dev/null || exit 1

scratch=$(mktemp) || exit 1
trap 'rm -f "$scratch"' EXIT
echo 'var s = "x"; while (true) s = s + s;' >"$scratch"
message=$(GCALLOC_OPTIONS=heap_limit=8M "$lox" "$scratch" 2>&1)
[ $? = 70 ] && [ "$message" = "Out of memory.
[line 1] in script" ] || { echo "an exhausted heap: $message"; exit 1; }

# A program without a single line, which the runner passes over.
"$lox" "$folder/tests/scanner/empty.lox" >"$scratch" 2>&1 && [ ! -s "$scratch" ] ||
    { echo "an empty program: $(cat "$scratch")"; exit 1; }

# The prompt goes on after an exhausted heap, with what was defined.
cat >"$scratch" <<'EOF'
class Node { init(next) { this.next = next; } }
var list = nil;
while (true) list = Node(list);
list = nil;
for (var i = 0; i < 100000; i = i + 1) Node(i);
(1 +
2) + 3
EOF
printed=$(GCALLOC_OPTIONS=heap_limit=8M "$lox" <"$scratch" 2>&1 | sed '/^\[line/d')
[ "$printed" = "Out of memory.
6" ] || { echo "the prompt after an exhausted heap: $printed"; exit 1; }

# The comparison with another system, as far as there is one, and what it writes.
sh "$folder/bench/run.sh" -r 1 -j "$scratch" "$lox" strings >/dev/null || { echo "the comparison failed"; exit 1; }
jq -e '.benchmarks[0].systems[0].seconds[0] > 0 and .systems[0].name == "lox"' "$scratch" >/dev/null ||
    [ $? = 127 ] || { echo "the comparison as JSON: $(cat "$scratch")"; exit 1; }
