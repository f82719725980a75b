# Reads the results of bench/run, one run per line, for report-table.awk, report-json.awk
# and report-plots.awk, and summarizes them:
#   workload|command|unit|checksum|peer|version|settings|time|operations|RSS|collections|
#   histogram|axis|live|also
# with times in nanoseconds, the RSS and what lives in KiB, and a histogram as window.c
# prints it.  Also has more numbers, as NAME=VALUE.  The last four may be empty.  With an axis the workload's name is
# FAMILY@VALUE, one of several measurements of a family.

{
    workload = $1
    peer = $5
    if (!(workload in peer_count)) {
        workloads[++workload_count] = workload
        command[workload] = $2
        unit[workload] = $3
        checksum[workload] = $4
        axis[workload] = $13
        live[workload] = $14
    }
    if (!((workload, peer) in runs)) {
        peers[workload, ++peer_count[workload]] = peer
        version[workload, peer] = $6
        settings[workload, peer] = $7
    }
    n = ++runs[workload, peer]
    time_ns[workload, peer, n] = $8
    operations[workload, peer] = $9
    value[workload, peer, n] = $8 / $9 / scale($3)
    rss[workload, peer, n] = $10
    collections[workload, peer, n] = $11
    histogram[workload, peer, n] = $12
    if ($12 != "")
        has_histogram[workload] = 1
    read_also($15)
}

# Sets also[workload, peer, name, run], and the names of the workload in their order.
function read_also(text,    i, count, words, pair) {
    count = split(text, words, " ")
    for (i = 1; i <= count; i++) {
        split(words[i], pair, "=")
        if (!((workload, pair[1]) in has_also)) {
            has_also[workload, pair[1]] = 1
            also_names[workload, ++also_count[workload]] = pair[1]
        }
        also[workload, peer, pair[1], runs[workload, peer]] = pair[2]
    }
}

# Sets list[work, who, run] to one of these numbers of each run.
function find_also(list, work, who, name,    i) {
    for (i = 1; i <= runs[work, who]; i++)
        list[work, who, i] = also[work, who, name, i]
}

# Whom the others are compared with: gcalloc, or objects that are left to it.
function reference(work) {
    return (work, "traced") in runs ? "traced" : "gcalloc"
}

# How many nanoseconds the unit is, such as ms or ns/object.
function scale(name) {
    return name ~ /^ms/ ? 1e6 : name ~ /^us/ ? 1e3 : 1
}

# The time in nanoseconds that so many percent of what a histogram counts did not exceed.
function percentile(text, percent,    n, i, entries, total, sum) {
    n = split(text, entries, /[ :]/)
    for (i = 2; i <= n; i += 2)
        total += entries[i]
    for (i = 2; i <= n; i += 2) {
        sum += entries[i]
        if (sum * 100 >= total * percent)
            return entries[i - 1]
    }
}

# Sets tail[work, who, run] to a percentile of each run.
function find_tail(tail, work, who, percent,    i) {
    for (i = 1; i <= runs[work, who]; i++)
        tail[work, who, i] = percentile(histogram[work, who, i], percent)
}

# Sorts the numbers list[1..n].
function sort(list, n,    i, j, number) {
    for (i = 2; i <= n; i++) {
        number = list[i]
        for (j = i; j > 1 && list[j - 1] > number; j--)
            list[j] = list[j - 1]
        list[j] = number
    }
}

# Sets median, low and high of list[1..n], which it sorts.
function summarize_list(list, n,    half) {
    sort(list, n)
    half = int((n + 1) / 2)
    median = n % 2 ? list[half] : (list[half] + list[half + 1]) / 2
    low = list[1]
    high = list[n]
}

# The same of a peer's numbers, which are `value`, `rss` or `collections`.
function summarize(numbers, work, who,    i, list) {
    for (i = 1; i <= runs[work, who]; i++)
        list[i] = numbers[work, who, i] + 0
    summarize_list(list, runs[work, who])
}

# The same of the quotients reference / peer, run by run.  Returns 0 if there are none,
# because one of them was not measured or the peer's number is 0.
function compare(numbers, work, who,    i, list, first) {
    first = reference(work)
    if (who == first || !((work, first) in runs) || !((work, who) in runs))
        return 0
    for (i = 1; i <= runs[work, who]; i++) {
        if (numbers[work, who, i] + 0 == 0)
            return 0
        list[i] = numbers[work, first, i] / numbers[work, who, i]
    }
    summarize_list(list, runs[work, who])
    return 1
}
