# All workloads: gcalloc's time or memory divided by that of each other peer, as a point with
# whiskers from the smallest to the largest quotient of two runs, on a logarithmic scale.
#   gnuplot -c plot-ratio.gnuplot DATA SVG PEERS COLOURS
data = ARG1
peers = ARG3
colours = ARG4
what = strstrt(data, "rss") ? "RSS" : "time"

stats data index 0 using 1 nooutput
count = STATS_records
set terminal svg size 900,(110 + 20 * count + 8 * count * words(peers)) \
    font "DejaVu Sans,13" background "white"
set output ARG2
set title sprintf("%s of gcalloc / %s of the peer (left of 1: gcalloc needs less)", \
    what, what) font ",15"
set logscale x 2
set xtics nomirror format "%g"
set grid xtics linecolor "0xdddddd"
set yrange [count + 0.5:0.5]
set ytics scale 0 noenhanced
set key outside right top noenhanced
set border 1
set bars 0
do for [i = 1:count - 1] {
    set arrow from graph 0, first i + 0.5 to graph 1, first i + 0.5 nohead \
        linecolor "0xeeeeee" back
}
set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 1.5 linecolor "black" back
plot data index 0 using (NaN):1:ytic(2) notitle, \
    for [i = 1:words(peers)] data index i using 2:1:3:4 with xerrorbars \
        linecolor rgb word(colours, i) linewidth 2 pointtype 7 pointsize 0.7 \
        title word(peers, i)
