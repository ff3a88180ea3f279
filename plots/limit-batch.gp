# The threshold of an infinitely large model against the batch size (over the dimension, where that grows): the limit
# (lines), exact thresholds of finite random models (points, with standard error) and the noise-free edge (dashed), one
# colour a momentum.
#
#   gnuplot limit-batch.gp                                     limit-batch.csv → limit-batch.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" limit-batch.gp
#
# Columns of the CSV: series, rule, sampling, momentum, spectrum, parameter, batch, limit, edge, dimension, eta,
# standard_error. Rows are sorted by series (0, 1, …: one a momentum), then batch. Empty fields are missing values.

if (!exists("stem")) stem = 'limit-batch'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('limit-batch.gp')]
load here.'style.gp'

# What the file holds.
array edge[100]
do for [i = 1 : 100] { edge[i] = 0 }
dimension = 0
batch = 0
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), spectrum = strcol("spectrum"), parameter = strcol("parameter"), \
                 see_x(column("batch"))) nooutput
stats csv using (has("limit") ? see_y(column("limit")) : 0) nooutput
stats csv using (has("eta") ? see_y(column("eta")) : 0) nooutput
stats csv using (has("dimension") ? (dimension = column("dimension")) : 0) nooutput
see_edge(i, y) = (edge[i] = see_y(y))
stats csv using (has("edge") ? see_edge(int(column("series")) + 1, column("edge")) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
y_log = 1
load here.'axes.gp'
load here.'limit-setting.gp'
if (spectrum ne 'power-law') {
  # Ratios are not whole numbers: powers of ten, with 2 and 5 where these are few.
  set logscale x 10
  set xtics ()
  few = log10(x_right / x_left) < 2.5
  do for [k = int(floor(log10(x_left))) : int(ceil(log10(x_right)))] {
    do for [m = 1 : 9] {
      value = m * 10.0**k
      if (m == 1 || (few && (m == 2 || m == 5))) { set xtics add (sprintf('%g', value) value) } \
      else { set xtics add ("" value 1) }
    }
  }
  set xlabel 'batch size over dimension'.gap.batch_label
} else {
  set xlabel 'batch size'.gap.batch_label
}
set ylabel 'step size'.gap.eta

extra_row = 1
load here.'legend.gp'
set label setting at screen column_at(0), row(meaning)
set arrow from screen column_at(0), row(meaning + 1) to screen column_at(6), row(meaning + 1) nohead linewidth 1.4 \
  linecolor rgb grey
set label 'limit' at screen after_sample(0), row(meaning + 1)
if (dimension > 0) {
  set label '' at screen column_at(21), row(meaning + 1) point pointtype 7 pointsize dot linecolor rgb grey
  set label (latex ? '$d = ' : italic('d').gap.'= ').sprintf('%.0f', dimension).(latex ? '$' : '') \
    at screen after_sample(17), row(meaning + 1)
}
set arrow from screen column_at(40), row(meaning + 1) to screen column_at(46), row(meaning + 1) nohead linewidth 1 \
  dashtype (8, 5) linecolor rgb grey
set label edge_label(rule, 0) at screen after_sample(40), row(meaning + 1)
do for [i = 1 : count] {
  if (edge[i] > 0) {
    set arrow from graph 0, first edge[i] to graph 1, first edge[i] nohead linewidth 1 dashtype (8, 5) \
      linecolor rgb paint(i) back
  }
}

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
error(i) = has("standard_error") ? column("standard_error") : 0
plot for [i = 1 : count] csv using (column("batch")):(select(i, "limit")) with lines linewidth 1.4 \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "eta") - error(i)):(0):(2 * error(i)) with vectors \
       heads size screen across(0.6), 90 fixed linewidth 0.9 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "eta")) with points pointtype shape(i) pointsize dot \
       linecolor rgb paint(i)
unset output
