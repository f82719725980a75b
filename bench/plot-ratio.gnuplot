# All workloads: gcalloc's time or memory divided by libgc's, a bar from 1 to the median with a
# whisker from the smallest to the largest quotient of two runs, on a logarithmic scale.  It
# fits on a screen.
#   gnuplot -c plot-ratio.gnuplot DATA SVG
data = ARG1
what = strstrt(data, "rss") ? "RSS" : "time"
less = strstrt(data, "rss") ? "needs less" : "is faster"
more = strstrt(data, "rss") ? "needs more" : "is slower"

stats data using 4 nooutput
count = STATS_records
largest = STATS_max
stats data using 3 nooutput
low = 2 ** floor(log(STATS_min) / log(2))
high = 2 ** ceil(log(largest * 1.2) / log(2))

set terminal svg size 860,(120 + 20 * count) font "DejaVu Sans,13" background "white"
set output ARG2
set title sprintf("%s of gcalloc / %s of libgc", what, what) font ",15" offset 0,0.6
set logscale x 2
set xrange [low:high]
set xtics nomirror ("1/64" 1.0 / 64, "1/32" 1.0 / 32, "1/16" 1.0 / 16, "1/8" 0.125, "1/4" 0.25, \
    "1/2" 0.5, "1" 1, "2" 2, "4" 4, "8" 8, "16" 16)
set grid xtics linetype 1 linecolor "0xe4e4e4"
set yrange [count + 0.6:0.4]
set ytics scale 0 noenhanced
set border 1
unset key
set rmargin 4
set label 1 "gcalloc ".less at 1, graph 1 right offset -1,0.7 textcolor rgb "0x0072B2"
set label 2 more at 1, graph 1 left offset 1,0.7 textcolor rgb "0xD55E00"
set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 2 linecolor "black" front
colour(ratio) = ratio < 1 ? 0x0072B2 : 0xD55E00
set style fill solid 1.0 noborder
plot data using (1):0:(1 < $2 ? 1 : $2):(1 < $2 ? $2 : 1):($0 + 0.66):($0 + 1.34):(colour($2)) \
        with boxxyerror linecolor rgb variable, \
    data using 2:($0 + 1):3:4:ytic(1) with xerrorbars linecolor "black" linewidth 1.2 \
        pointtype 7 pointsize 0.01, \
    data using (high):($0 + 1):(sprintf("%.2f", $2)) with labels right font ",12"
