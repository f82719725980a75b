# Lines "PROGRAM PEER KIB USER SYSTEM", one a run, to a table of medians, and the geometric means of what
# each peer takes of what the first, `base`, takes; per program, too, where that is not glibc.
function median(list,    part, n, i, j, t) {
    n = split(list, part, " ")
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && part[j] + 0 < part[j - 1] + 0; j--) {
            t = part[j]
            part[j] = part[j - 1]
            part[j - 1] = t
        }
    return part[int((n + 1) / 2)]
}
{
    if (!($1 in seen)) {
        seen[$1] = 1
        name[++names] = $1
    }
    kib[$1, $2] = kib[$1, $2] " " $3
    seconds[$1, $2] = seconds[$1, $2] " " $4 + $5
}
END {
    n = split(peers, peer, " ")
    printf "%-10s", "MiB, s"
    for (p = 1; p <= n; p++)
        printf "%16s", peer[p]
    print ""
    for (i = 1; i <= names; i++) {
        printf "%-10s", name[i]
        for (p = 1; p <= n; p++) {
            if (!((name[i], peer[p]) in kib)) {
                printf "%16s", "-"
                continue
            }
            m = median(kib[name[i], peer[p]]) / 1024
            s = median(seconds[name[i], peer[p]])
            base_m = median(kib[name[i], base]) / 1024
            base_s = median(seconds[name[i], base])
            if (base == "glibc" || p == 1)
                printf "%10.1f %5.2f", m, s
            else
                printf("   x%6.2f x%4.2f", m / base_m, (base_s > 0 ? s / base_s : 0))
            memory[p] += log(m / base_m)
            if (s > 0 && base_s > 0)
                time[p] += log(s / base_s)
            count[p]++
        }
        print ""
    }
    printf "%-10s", "of " base "'s"
    for (p = 1; p <= n; p++)
        printf "%10.3f %5.2f", exp(memory[p] / count[p]), exp(time[p] / count[p])
    print ""
}
