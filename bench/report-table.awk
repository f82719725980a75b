# Prints the table of one workload, the variable `chosen`.  Needs report.awk.

function number(x) {
    return sprintf(x < 1000 ? "%.1f" : "%.0f", x)
}

function memory(kb) {
    return kb < 10240 ? sprintf("%d K", kb) : sprintf("%.1f M", kb / 1024)
}

function print_row(work, who) {
    summarize(value, work, who)
    printf "%-15s %-12s %12s %9s %9s", who " " version[work, who], settings[work, who],
        number(median), number(low), number(high)
    summarize(rss, work, who)
    printf " %9s", memory(median)
    summarize(collections, work, who)
    printf " %6d", median
    if (compare(value, work, who))
        printf "  %-20s", sprintf("%.2f (%.2f .. %.2f)", median, low, high)
    if (compare(rss, work, who))
        printf " %5.2f", median
    printf "\n"
}

function print_table(work,    p, first) {
    first = peers[work, 1]
    printf "\n%s (%s), runs: %d, checksum: %s\n", work, command[work],
        runs[work, first], checksum[work]
    printf "%-15s %-12s %12s %9s %9s %9s %6s  %-20s %s\n", "peer", "settings",
        unit[work], "min", "max", "RSS", "colls", "time gcalloc/peer", "RSS gcalloc/peer"
    for (p = 1; p <= peer_count[work]; p++)
        print_row(work, peers[work, p])
}

END {
    if (chosen in peer_count)
        print_table(chosen)
}
