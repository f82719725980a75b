# Prints the table of one workload, the variable `chosen`.  Needs report.awk.

function number(x) {
    return sprintf(x < 1000 ? "%.1f" : "%.0f", x)
}

function memory(kb) {
    return kb < 10240 ? sprintf("%d K", kb) : sprintf("%.1f M", kb / 1024)
}

function print_row(work, who,    ratio, memory_ratio) {
    summarize(value, work, who)
    printf "%-24s %12s %9s %9s", who " " version[work, who], number(median), number(low),
        number(high)
    summarize(rss, work, who)
    printf " %9s", memory(median)
    summarize(collections, work, who)
    printf " %6d", median
    ratio = memory_ratio = ""
    if (compare(value, work, who))
        ratio = sprintf("%.2f (%.2f .. %.2f)", median, low, high)
    if (compare(rss, work, who))
        memory_ratio = sprintf("%.2f", median)
    printf "  %-20s %5s  %s\n", ratio, memory_ratio, settings[work, who]
}

# What most pushes took, in the unit of the table.
function print_percentiles(work,    n, i, p, percents, who, tail) {
    n = split("50 99 99.9 99.99", percents, " ")
    for (p = 1; p <= peer_count[work]; p++) {
        who = peers[work, p]
        printf "%-24s", who
        for (i = 1; i <= n; i++) {
            find_tail(tail, work, who, percents[i])
            summarize(tail, work, who)
            printf "  %s %%: %s", percents[i], number(median / scale(unit[work]))
        }
        printf "\n"
    }
}

# The other numbers of a program; times in microseconds, minimum mutator utilisation in percent.
function print_also(work,    i, p, name, who, list) {
    printf "%-24s", ""
    for (i = 1; i <= also_count[work]; i++) {
        name = also_names[work, i]
        sub(/_ns$/, " us", name)
        printf " %12s", name
    }
    printf "\n"
    for (p = 1; p <= peer_count[work]; p++) {
        who = peers[work, p]
        printf "%-24s", who
        for (i = 1; i <= also_count[work]; i++) {
            name = also_names[work, i]
            find_also(list, work, who, name)
            summarize(list, work, who)
            if (name ~ /_ns$/)
                printf " %12s", number(median / 1e3)
            else
                printf " %12s", median == int(median) ? median : sprintf("%.1f", median)
        }
        printf "\n"
    }
}

function print_table(work,    p, first) {
    first = peers[work, 1]
    printf "\n%s (%s), runs: %d, checksum: %s\n", work, command[work],
        runs[work, first], checksum[work]
    printf "%-24s %12s %9s %9s %9s %6s  %-20s %5s  %s\n", "peer", unit[work], "min",
        "max", "RSS", "colls", "time " reference(work) "/peer", "RSS", "settings"
    for (p = 1; p <= peer_count[work]; p++)
        print_row(work, peers[work, p])
    if (work in has_histogram)
        print_percentiles(work)
    if (also_count[work])
        print_also(work)
}

END {
    if (chosen in peer_count)
        print_table(chosen)
}
