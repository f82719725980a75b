#!/bin/sh
# The layer rule of src/README.md: a source file includes only from its own folder and from
# those above it in the table there.
srcdir=${srcdir:-.}
layers=$(sed -n 's/^| `\([a-z]*\)` |.*/\1/p' "$srcdir/src/README.md")
[ -n "$layers" ] || { echo "no table of folders in src/README.md" >&2; exit 1; }

failed=0
allowed=
files=0
for layer in $layers; do
    allowed="$allowed $layer"
    for file in "$srcdir/src/$layer"/*.[ch]; do
        [ -e "$file" ] || { echo "src/$layer: in the table, but empty" >&2; failed=1; }
        files=$((files + 1))
        for included in $(sed -n 's|^#include "\([^"/]*\)/.*|\1|p' "$file"); do
            case " $allowed " in
            *" $included "*) ;;
            *)  echo "$file: includes from $included, which is not above $layer" >&2
                failed=1 ;;
            esac
        done
        for included in $(sed -n 's|^#include "\([^"/]*\)".*|\1|p' "$file"); do
            echo "$file: includes \"$included\" without its folder" >&2
            failed=1
        done
    done
done
for folder in "$srcdir"/src/*/; do
    case " $allowed " in
    *" $(basename "$folder") "*) ;;
    *) echo "$folder: not in the table of src/README.md" >&2; failed=1 ;;
    esac
done
echo "$files files checked"
exit $failed
