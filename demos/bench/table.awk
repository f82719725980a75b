# Prints the table.  Needs medians.awk.

END {
    printf "%-10s", "seconds"
    for (s = 1; s <= system_count; s++)
        printf " %12s", system_name[s]
    for (s = 2; s <= system_count; s++)
        printf " %13s", system_name[s] "/own"
    printf " %8s %9s\n", "gc share", "pause"
    for (b = 1; b <= benchmark_count; b++) {
        name = benchmarks[b]
        printf "%-10s", name
        for (s = 1; s <= system_count; s++) {
            key = name SUBSEP system_name[s]
            printf key in runs ? " %12.3f" : " %12s", key in runs ? median(key) : "-"
        }
        for (s = 2; s <= system_count; s++)
            if (compare(name, s))
                printf " %13.2f", ratio
            else
                printf " %13s", "-"
        if (name in share)
            printf " %6.1f %% %6.2f ms\n", share[name] / runs[name, system_name[1]], pause[name]
        else
            printf " %8s %9s\n", "-", "-"
    }
    printf "%-10s", "mean"
    for (s = 1; s <= system_count; s++)
        printf " %12s", ""
    for (s = 2; s <= system_count; s++)
        if (find_mean(s))
            printf " %13.2f", mean
        else
            printf " %13s", "-"
    printf "\n"
}
