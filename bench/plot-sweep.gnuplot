# A family of workloads: for each peer a curve of its median times, with whiskers from the
# fastest to the slowest run.  The times begin at 0.
#   gnuplot -c plot-sweep.gnuplot DATA SVG TITLE UNIT LABEL PEERS COLOURS
data = ARG1
peers = ARG6
colours = ARG7

set terminal svg size 900,480 font "DejaVu Sans,13" background "white"
set output ARG2
set title ARG3 font ",16" noenhanced
set border 3
set tics nomirror
set grid linecolor "0xdddddd"
set key outside right top noenhanced
set xlabel ARG5
set ylabel ARG4
set yrange [0:*]
set offsets graph 0.04, graph 0.04, graph 0.05, 0
if (ARG5 eq "MiB") {
    set logscale x 2
}
if (ARG5 eq "threads") {
    set xtics 1
}
set bars 0.5
plot for [i = 1:words(peers)] data index i - 1 using 1:2:3:4 with yerrorlines \
    linecolor rgb word(colours, i) linewidth 2 pointtype 7 pointsize 0.6 \
    title word(peers, i)
