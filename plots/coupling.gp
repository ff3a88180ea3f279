# The coupling rule: the step size that keeps the margin to the mean-square threshold against the batch size (thick), the
# threshold itself (thin), and the rules of thumb (dashed), one colour a momentum. A dashed line above the thin one of its
# colour is unstable. The black ring is the setting that is carried over.
#
#   gnuplot coupling.gp                                        coupling.csv → coupling.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" coupling.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, from_momentum, from_batch, from_eta, eta, threshold, linear,
# square-root, effective-rate. Rows are sorted by series (0, 1, …: one a momentum), then batch.

if (!exists("stem")) stem = 'coupling'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('coupling.gp')]
if (!exists("width")) width = 85
if (!exists("height")) height = width <= 110 ? 0.95 * width : 0.58 * width
load here.'style.gp'

# What the file holds.
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), see_x(column("batch"))) nooutput
stats csv using (from_batch = see_x(column("from_batch")), from_eta = see_y(column("from_eta")), 0) nooutput
do for [name in "eta threshold linear square-root effective-rate"] {
  stats csv using (has(name) ? see_y(column(name)) : 0) nooutput
}

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
y_log = 1
load here.'axes.gp'
set xlabel 'batch size'.gap.batch_size
set ylabel 'step size'.gap.eta

extra_row = 1
load here.'legend.gp'
sample(at, line, text, thick, dashes) = \
  sprintf("set arrow from screen %.17g, %.17g to screen %.17g, %.17g nohead linewidth %g dashtype %s linecolor rgb '%s'; ", \
          column_at(at), row(line), column_at(at + 6), row(line), thick, dashes, grey).\
  sprintf("set label '%s' at screen %.17g, %.17g", text, after_sample(at), row(line))
eval sample(0, meaning, 'same margin', 1.8, 'solid')
eval sample(28, meaning, 'threshold', 0.6, 'solid')
eval sample(0, meaning + 1, 'linear', 1, '(14, 7)')
eval sample(22, meaning + 1, 'square root', 1, '(10, 4, 2, 4)')
eval sample(46, meaning + 1, 'effective rate', 1, '(2, 5)')

set label '' at first from_batch, first from_eta point pointtype 6 pointsize 2.4 * dot linewidth 1.4 \
  linecolor rgb '#000000' front

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
plot for [i = 1 : count] csv using (column("batch")):(select(i, "threshold")) with lines linewidth 0.6 \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "linear")) with lines linewidth 1 dashtype (14, 7) \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "square-root")) with lines linewidth 1 dashtype (10, 4, 2, 4) \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "effective-rate")) with lines linewidth 1 \
       dashtype (2, 5) linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "eta")) with linespoints linewidth 1.8 \
       linecolor rgb paint(i) pointtype shape(i) pointsize dot
unset output
