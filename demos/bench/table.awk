# Prints the table of compare.sh from lines "BENCHMARK SYSTEM MICROSECONDS [SHARE PAUSE]", which are
# sorted by benchmark, system and time.

{
    key = $1 SUBSEP $2
    if (!($1 in known)) {
        known[$1] = 1
        benchmarks[++n] = $1
    }
    time[key, ++runs[key]] = $3 / 1e6
    if (NF == 5) {
        share[$1] += $4
        if ($5 > pause[$1])
            pause[$1] = $5
    }
}

function median(key,   m) {
    m = runs[key]
    return m % 2 ? time[key, (m + 1) / 2] : (time[key, m / 2] + time[key, m / 2 + 1]) / 2
}

END {
    count = split(systems, system_name, " ")
    printf "%-10s", "seconds"
    for (s = 1; s <= count; s++)
        printf " %12s", system_name[s]
    for (s = 2; s <= count; s++)
        printf " %13s", system_name[s] "/own"
    printf " %8s %9s\n", "gc share", "pause"
    for (b = 1; b <= n; b++) {
        name = benchmarks[b]
        own = name SUBSEP system_name[1]
        printf "%-10s", name
        for (s = 1; s <= count; s++) {
            key = name SUBSEP system_name[s]
            if (key in runs)
                printf " %12.3f", median(key)
            else
                printf " %12s", "-"
        }
        for (s = 2; s <= count; s++) {
            key = name SUBSEP system_name[s]
            if (key in runs && own in runs) {
                ratio = median(key) / median(own)
                logarithms[s] += log(ratio)
                ratios[s]++
                printf " %13.2f", ratio
            } else
                printf " %13s", "-"
        }
        if (name in share)
            printf " %6.1f %% %6.2f ms\n", share[name] / runs[own], pause[name]
        else
            printf " %8s %9s\n", "-", "-"
    }
    printf "%-10s", "mean"
    for (s = 1; s <= count; s++)
        printf " %12s", ""
    for (s = 2; s <= count; s++)
        if (ratios[s])
            printf " %13.2f", exp(logarithms[s] / ratios[s])
        else
            printf " %13s", "-"
    printf "\n"
}
