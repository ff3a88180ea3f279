# Forest plot of hypotheses: the decisive contrast of each, its mean and interval, in units of what the claim promises. The grey
# stretch is the promise: −1 to 1 is the margin of an equality; of a one-sided claim −1 is the limit, and the promise has no end.
# Green: supported, orange: refuted, black: cannot tell. What lies beyond the axis is drawn at its end.
#
#   gnuplot forest.gp                                        forest.csv → forest.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" forest.gp
#
# Columns of the CSV: line (1, 2, … from above), label, value, lower, upper, verdict (0 supported, 1 refuted, 2 cannot tell),
# one_sided (0 or 1).
# Variables: reach, the largest distance from the middle of the promise.

if (!exists("stem")) stem = 'forest'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('forest.gp')]
if (!exists("reach")) reach = 2.5
set datafile separator comma
set datafile columnheaders
lines = 0
longest = 0
stats csv using (lines = column("line"), longest = strlen(strcol("label")) > longest ? strlen(strcol("label")) : longest, 0) \
  nooutput
if (!exists("height")) height = 15 + 6 * lines
load here.'style.gp'

set lmargin at screen across(6 + 1.25 * longest)
set tmargin at screen 1 - above(2.5)
set yrange [lines + 0.6 : 0.4] noextend
set xrange [-reach : reach] noextend
set xtics 1
set mxtics 2
set xlabel 'effect, in units of the margin'
within(v) = v < -reach ? -reach : v > reach ? reach : v
hue(v) = v == 0 ? 0x009E73 : v == 1 ? 0xD55E00 : 0x000000
# Names in a table of LaTeX or of gnuplot's own text: an underscore is a subscript in both.
plain(text) = strstrt(text, '_') == 0 ? text : \
  plain(text[1 : strstrt(text, '_') - 1].'-'.text[strstrt(text, '_') + 1 : strlen(text)])

plot csv using (0):(column("line")):(-1):(column("one_sided") == 1 ? reach : 1):(column("line") - 0.4):(column("line") + 0.4) \
       with boxxyerror fillcolor rgb '#DDDDDD' fillstyle solid noborder, \
     csv using (within(column("value"))):(column("line")):(within(column("lower"))):(within(column("upper"))): \
       (hue(column("verdict"))):yticlabels(plain(strcol("label"))) \
       with xerrorbars pointtype 7 pointsize dot linewidth 1 linecolor rgb variable
unset output
