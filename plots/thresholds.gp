# The mean-square threshold against the batch size: theory (lines), simulation (points with 95% intervals) and the
# noise-free edges (dashed), one colour a momentum.
#
#   gnuplot thresholds.gp                                      thresholds.csv → thresholds.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" thresholds.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, weight_decay, theory, edge, measured, measured_lower,
# measured_upper. Rows are sorted by series (0, 1, …: one a momentum), then batch. Empty fields are missing
# values.

if (!exists("stem")) stem = 'thresholds'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('thresholds.gp')]
load here.'style.gp'

# What the file holds.
array edge[100]; array points[100]; array last_x[100]; array last_y[100]
do for [i = 1 : 100] { edge[i] = 0; points[i] = 0; last_x[i] = 0; last_y[i] = 0 }
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), decay = column("weight_decay"), see_x(column("batch"))) nooutput
see_theory(i, x, y) = (points[i] = points[i] + 1, last_x[i] = x, last_y[i] = see_y(y))
stats csv using (has("theory") ? see_theory(int(column("series")) + 1, column("batch"), column("theory")) : 0) nooutput
stats csv using (has("edge") ? edge[int(column("series")) + 1] = see_y(column("edge")) : 0) nooutput
measurements = 0
stats csv using (has("measured") ? (measurements = measurements + 1, see_y(column("measured"))) : 0) nooutput
stats csv using (has("measured_lower") ? see_y(column("measured_lower")) : 0) nooutput
stats csv using (has("measured_upper") ? see_y(column("measured_upper")) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
y_log = 1
load here.'axes.gp'
set xlabel 'batch size'.gap.batch_size
set ylabel 'step size'.gap.eta

# What the lines mean; a long formula has a row of its own.
edges = 0; curves = 0
do for [i = 1 : count] { edges = edges + (edge[i] > 0); curves = curves + (points[i] > 0) }
extra_row = edges > 0 && (!has_formula(rule) || decay > 0 || divisor(rule) ne '')
load here.'legend.gp'
if (curves > 0) {
  set label 'theory' at screen after_sample(0), row(meaning)
  set arrow from screen column_at(0), row(meaning) to screen column_at(6), row(meaning) nohead linewidth 1.4 \
    linecolor rgb grey
}
if (measurements > 0) {
  set label 'simulation' at screen column_at(28), row(meaning)
  set label '' at screen column_at(25), row(meaning) point pointtype 7 pointsize dot linecolor rgb grey
  set arrow from screen column_at(25), row(meaning) - above(1.5) to screen column_at(25), row(meaning) + above(1.5) \
    heads size screen across(0.6), 90 linewidth 0.9 linecolor rgb grey
}
if (edges > 0) {
  edge_x = extra_row ? 0 : 45
  edge_y = row(meaning + extra_row)
  set label edge_label(rule, decay) at screen after_sample(edge_x), edge_y
  set arrow from screen column_at(edge_x), edge_y to screen column_at(edge_x + 6), edge_y nohead \
    linewidth 1 dashtype (8, 5) linecolor rgb grey
}

do for [i = 1 : count] {
  if (edge[i] > 0) {
    set arrow from graph 0, first edge[i] to graph 1, first edge[i] nohead linewidth 1 dashtype (8, 5) \
      linecolor rgb paint(i) back
  }
  # One batch size is no curve: a short stroke shows the theory then.
  if (points[i] == 1) {
    set arrow from first last_x[i] / 1.12, first last_y[i] to first last_x[i] * 1.12, first last_y[i] nohead \
      linewidth 1.4 linecolor rgb paint(i) back
  }
}

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
plot for [i = 1 : count] csv using (column("batch")):(select(i, "theory")) with lines \
       linewidth 1.4 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "measured")) with points \
       pointtype shape(i) pointsize 1.5 * dot linecolor rgb '#ffffff', \
     for [i = 1 : count] csv using (column("batch")):(select(i, "measured_lower")):(0): \
       (select(i, "measured_upper") - select(i, "measured_lower")) with vectors \
       heads size screen across(0.6), 90 fixed linewidth 0.9 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "measured")) with points \
       pointtype shape(i) pointsize dot linecolor rgb paint(i)
unset output
