# A repository with branches, merges, packs, a clone and a check of all objects.  Dates and
# names are fixed, so that the same objects get the same names.
set -eu
dir=$(mktemp -d "$PWD/git.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 GIT_PAGER=cat
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@d
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
cd "$dir"
git init -q -b main here
cd here
git config gc.auto 0
write() { awk -v n="$1" 'BEGIN { for (i = 0; i < 3000; i++) print i, "word" i * (7919 + n) % 501 }'; }
for n in 1 2 3 4 5 6 7 8; do
    mkdir -p "d$n"
    write "$n" >"d$n/file"
    write "$((n * n))" >common
    git add -A
    git commit -q -m "commit $n"
done
git checkout -q -b other HEAD~3
write 100 >other
git add other && git commit -q -m other
git checkout -q main
git merge -q -m merged other
git log --oneline --graph --stat | tail -n 20
git diff HEAD~4 --stat -M
git blame -s common | sha1sum
git gc -q --aggressive --prune=now
git repack -q -a -d -f --threads=2 --window=20
git fsck --full --strict 2>&1
git clone -q --no-local . ../there 2>&1
cd ../there
git rev-parse HEAD
git rebase -q --onto HEAD~2 HEAD~1 2>&1 || git rebase --abort
git grep -c 'word77$' | sort | tail -n 3
git archive HEAD | tar -tf - | wc -l
git bundle create -q ../bundle --all && git bundle verify -q ../bundle 2>&1 | tail -n 1
git stash list
git format-patch -q -2 --stdout HEAD | sha1sum
