#!/bin/sh
# The words of src/README.md: none of those that it names as left stands in the source again.
srcdir=${srcdir:-.}
failed=0
count=0
while read -r word; do
    count=$((count + 1))
    if grep -n -i -e "$word" "$srcdir"/src/*/*.[ch] "$srcdir"/include/gcalloc/*.h; then
        echo "names: \"$word\" is none of the words of src/README.md" >&2
        failed=1
    fi
done <<'WORDS'
stranger
summon
worklist
work list
lost.work
[^a-z]crew
opaque
struct object[^_a-z]
minor.collection
major.collection
struct region[^_a-z]
thread_is_ready
thread_is_done
WORDS
echo "$count words looked for"
exit $failed
