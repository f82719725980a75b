# Writes what the gnuplot scripts draw into files in `dir`, and prints for each plot
#   script|file of data|the other arguments of the script
# Needs report.awk.

BEGIN {
    # The palette of Okabe and Ito, which colour-blind people can read.
    split("gcalloc 0x0072B2 libgc 0xD55E00 libgc-1 0xE69F00 glibc 0x777777 " \
        "mimalloc 0x009E73 jemalloc 0xCC79A7 tcmalloc 0x56B4E9 signals 0x000000 " \
        "gcalloc-1 0x00446B gcalloc-4k 0x00446B gcalloc-inline 0x66AADD libgc-new 0x8A3D00 " \
        "libgc-incremental 0xE69F00 traced 0x0072B2 counted 0xD55E00 unshared 0xE69F00", \
        palette, " ")
    for (i = 1; i in palette; i += 2)
        colour[palette[i]] = palette[i + 1]
}

# Two arguments of a script: the names and the colours of its blocks of data.
function legend(names, n,    i, words, colours) {
    for (i = 1; i <= n; i++) {
        words = words (i > 1 ? " " : "") names[i]
        colours = colours (i > 1 ? " " : "") colour[names[i]]
    }
    return words "|" colours
}

# ---- One workload: bars ----

# Lines of: peer, colour, median, low and high time, median RSS in MiB.
function plot_workload(work,    file, p, who, times) {
    file = dir "/" work ".data"
    for (p = 1; p <= peer_count[work]; p++) {
        who = peers[work, p]
        summarize(value, work, who)
        times = median " " low " " high
        summarize(rss, work, who)
        print who, colour[who], times, median / 1024 >file
    }
    close(file)
    print "workload|" file "|" work " (" command[work] ")|" unit[work]
}

# ---- One workload: how long its pauses are ----

# A block for a peer: time in microseconds, and the share of what took longer, in all runs.
function write_pauses(work, who, file,    r, i, n, entries, count, total, bounds, sum) {
    for (r = 1; r <= runs[work, who]; r++) {
        n = split(histogram[work, who, r], entries, /[ :]/)
        for (i = 1; i < n; i += 2) {
            count[entries[i]] += entries[i + 1]
            total += entries[i + 1]
        }
    }
    n = 0
    for (i in count)
        bounds[++n] = i + 0
    sort(bounds, n)
    for (i = 1; i <= n; i++) {
        sum += count[bounds[i]]
        print bounds[i] / 1e3, sum < total ? (total - sum) / total : "NaN" >file
    }
    printf "\n\n" >file
}

function plot_pauses(work,    file, p, names) {
    file = dir "/" work "-pauses.data"
    for (p = 1; p <= peer_count[work]; p++) {
        names[p] = peers[work, p]
        write_pauses(work, names[p], file)
    }
    close(file)
    print "pauses|" file "|" work " (" command[work] ")|" legend(names, p - 1)
}

# ---- One workload: its minimum mutator utilisation ----

# A block for each peer: milliseconds, and percent: median, low and high of the runs.
function plot_utilisation(work,    file, p, i, names, name, list) {
    file = dir "/" work "-utilisation.data"
    for (p = 1; p <= peer_count[work]; p++) {
        names[p] = peers[work, p]
        for (i = 1; i <= also_count[work]; i++) {
            name = also_names[work, i]
            if (name !~ /^mmu_[0-9]+ms$/)
                continue
            find_also(list, work, names[p], name)
            summarize(list, work, names[p])
            print substr(name, 5) + 0, median, low, high >file
        }
        printf "\n\n" >file
    }
    close(file)
    print "utilisation|" file "|" work " (" command[work] ")|" legend(names, p - 1)
}

# ---- A family of workloads: curves ----

# The parts of the name FAMILY@VALUE; a workload that is not of a family has none.
function family(work) {
    return substr(work, 1, index(work, "@") - 1)
}

function position(work) {
    return substr(work, index(work, "@") + 1)
}

# The peers that appear anywhere in it, in names[1..]; returns how many.
function find_members(name, names,    w, p, who, seen, n) {
    for (w = 1; w <= workload_count; w++)
        for (p = 1; family(workloads[w]) == name && p <= peer_count[workloads[w]]; p++) {
            who = peers[workloads[w], p]
            if (!(who in seen))
                names[++n] = who
            seen[who] = 1
        }
    return n + 0
}

# A block for a peer: value (with a limited heap the peak RSS, as a multiple of what lives),
# median, low and high of the time.
function write_curve(name, who, file,    w, work, x) {
    for (w = 1; w <= workload_count; w++) {
        work = workloads[w]
        if (family(work) != name || !((work, who) in runs))
            continue
        summarize(rss, work, who)
        x = live[work] ? median / live[work] : position(work)
        summarize(value, work, who)
        print x, median, low, high >file
    }
    printf "\n\n" >file
}

function plot_family(name, first,    file, n, p, names, label) {
    file = dir "/" name ".data"
    n = find_members(name, names)
    for (p = 1; p <= n; p++)
        write_curve(name, names[p], file)
    close(file)
    label = live[first] ? "peak RSS / live data" : axis[first]
    print "sweep|" file "|" name "|" unit[first] "|" label "|" legend(names, n)
}

# ---- All workloads: ratios ----

# The workloads that are not of a family, in names[1..]; returns how many.
function find_single(names,    w, n) {
    for (w = 1; w <= workload_count; w++)
        if (family(workloads[w]) == "")
            names[++n] = workloads[w]
    return n + 0
}

# The peers that gcalloc is compared with in any of them; returns how many.
function find_others(works, work_count, names,    w, p, who, seen, n) {
    for (w = 1; w <= work_count; w++)
        for (p = 1; p <= peer_count[works[w]]; p++) {
            who = peers[works[w], p]
            if (!(who in seen) && compare(value, works[w], who)) {
                seen[who] = 1
                names[++n] = who
            }
        }
    return n + 0
}

# How many of the workloads a peer can be compared in.
function count_works(numbers, works, work_count, who,    w, n) {
    for (w = 1; w <= work_count; w++)
        n += compare(numbers, works[w], who)
    return n + 0
}

# The workloads that any of these peers has, in names[1..]; returns how many.
function find_common(numbers, works, work_count, who, who_count, names,    w, p, n) {
    for (w = 1; w <= work_count; w++) {
        for (p = 1; p <= who_count && !compare(numbers, works[w], who[p]); p++)
            ;
        if (p <= who_count)
            names[++n] = works[w]
    }
    return n + 0
}

# Those that can be compared with libgc, by this ratio, in names[1..]; returns how many.
function sort_by_ratio(numbers, works, work_count, names,    w, i, n, ratio) {
    for (w = 1; w <= work_count; w++) {
        if (!compare(numbers, works[w], "libgc"))
            continue
        for (i = ++n; i > 1 && ratio[i - 1] > median; i--) {
            names[i] = names[i - 1]
            ratio[i] = ratio[i - 1]
        }
        names[i] = works[w]
        ratio[i] = median
    }
    return n + 0
}

# Lines of: workload, median, low and high of the ratio to libgc, the least first.
function plot_ratio(numbers, name, works, work_count,    file, w) {
    file = dir "/" name ".data"
    for (w = 1; w <= work_count; w++) {
        compare(numbers, works[w], "libgc")
        print works[w], median, low, high >file
    }
    close(file)
    if (work_count)
        print "ratio|" file
}

# First a block with the workloads, then one for each of the other peers that has more than a
# few of them, with the workload's position, median, low and high of the ratio.
function plot_peers(numbers, name, works, work_count,    file, others, other_count, who, n,
        common, p, w) {
    file = dir "/" name ".data"
    other_count = find_others(works, work_count, others)
    for (p = 1; p <= other_count; p++)
        if (others[p] != "libgc" && count_works(numbers, works, work_count, others[p]) >= 5)
            who[++n] = others[p]
    work_count = find_common(numbers, works, work_count, who, n, common)
    if (work_count == 0)
        return
    for (w = 1; w <= work_count; w++)
        print common[w] >file
    for (p = 1; p <= n; p++) {
        printf "\n\n" >file
        for (w = 1; w <= work_count; w++)
            if (compare(numbers, common[w], who[p]))
                print w, median, low, high >file
    }
    close(file)
    print "peers|" file "|" legend(who, n) "|" (name ~ /rss/ ? "RSS" : "time") " of gcalloc"
}

END {
    for (w = 1; w <= workload_count; w++) {
        work = workloads[w]
        name = family(work)
        if (name == "")
            plot_workload(work)
        else if (!(name in drawn))
            plot_family(name, work)
        drawn[name] = 1
        if (work in has_histogram)
            plot_pauses(work)
        if ((work, "mmu_1ms") in has_also)
            plot_utilisation(work)
    }
    n = find_single(single)
    plot_peers(value, "ratio-time-peers", single, n)
    plot_peers(rss, "ratio-rss-peers", single, n)
    plot_ratio(value, "ratio-time", sorted, sort_by_ratio(value, single, n, sorted))
    plot_ratio(rss, "ratio-rss", sorted, sort_by_ratio(rss, single, n, sorted))
}
