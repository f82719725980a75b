# All workloads, each other peer in a panel of its own: WHAT ("time of gcalloc") divided by the
# peer's, as a point with a whisker from the smallest to the largest quotient of two runs, on a
# logarithmic scale.
#   gnuplot -c plot-peers.gnuplot DATA SVG PEERS COLOURS WHAT
data = ARG1
peers = ARG3
colours = ARG4
what = ARG5

stats data index 0 using 0:0 nooutput
count = STATS_records
panels = words(peers)
names = 170.0                             # pixels for the names of the workloads
width = 900.0
panel = (width - names - 20) / panels
set terminal svg size width,(170 + 20 * count) font "DejaVu Sans,13" background "white"
set output ARG2
set multiplot title sprintf("%s / that of the peer (left of 1: the peer needs more)", what) font ",15"
set logscale x 2
set xrange [1.0 / 16:8]
set xtics nomirror ("1/8" 0.125, "1/2" 0.5, "1" 1, "2" 2, "4" 4)
set grid xtics ytics linetype 1 linecolor "0xe4e4e4"
set yrange [count + 0.6:0.4]
set ytics scale 0 noenhanced
set border 1
set bars 0
unset key
set tmargin 5
set bmargin 3
set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 2 linecolor "black" back
do for [i = 1:panels] {
    set lmargin at screen (names + (i - 1) * panel) / width
    set rmargin at screen (names + i * panel - 14) / width
    set title word(peers, i) offset 0,-0.5 noenhanced textcolor rgb word(colours, i)
    if (i == 1) {
        plot data index 0 using (NaN):($0 + 1):ytic(1), data index i using 2:1:3:4 \
            with xerrorbars linecolor rgb word(colours, i) linewidth 2 pointtype 7 pointsize 0.6
        set ytics 1
        set format y ""
    } else {
        plot data index i using 2:1:3:4 \
            with xerrorbars linecolor rgb word(colours, i) linewidth 2 pointtype 7 pointsize 0.6
    }
}
unset multiplot
