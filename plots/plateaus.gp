# The two plateaus: step size times batch sharpness at the critical mode against the batch size (lines with markers), and
# the levels it runs between: at full batch (dashed) and where noise dominates (dotted), one colour a momentum.
#
#   gnuplot plateaus.gp                                        plateaus.csv → plateaus.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" plateaus.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, batch_sharpness_times_eta, full_batch_level, noise_level.
# Rows are sorted by series (0, 1, …: one a momentum), then batch. Empty fields are missing values.

if (!exists("stem")) stem = 'plateaus'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('plateaus.gp')]
load here.'style.gp'

# What the file holds.
array upper[100]; array lower[100]
do for [i = 1 : 100] { upper[i] = 0; lower[i] = 0 }
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), see_x(column("batch"))) nooutput
stats csv using (has("batch_sharpness_times_eta") ? see_y(column("batch_sharpness_times_eta")) : 0) nooutput
see_upper(i, y) = (upper[i] = see_y(y))
see_lower(i, y) = (lower[i] = see_y(y))
stats csv using (has("full_batch_level") ? see_upper(int(column("series")) + 1, column("full_batch_level")) : 0) nooutput
stats csv using (has("noise_level") ? see_lower(int(column("series")) + 1, column("noise_level")) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
y_log = y_high > 30 * y_low
load here.'axes.gp'
set xlabel 'batch size'.gap.batch_size
set ylabel latex ? '$\eta\,\times$ batch sharpness' : eta.gap.'× batch sharpness'

# What the lines mean; long formulas have a row of their own.
uppers = 0; lowers = 0
do for [i = 1 : count] { uppers = uppers + (upper[i] > 0); lowers = lowers + (lower[i] > 0) }
extra_row = (uppers > 0 || lowers > 0) && !is_one_of(rule, 'sgd heavy-ball')
upper_x = extra_row ? 0 : 30
lower_x = extra_row ? (rule eq 'qhm' || rule eq 'dampened' ? 38 : 34) : 51
load here.'legend.gp'
set label 'critical mode' at screen after_sample(0), row(meaning)
set arrow from screen column_at(0), row(meaning) to screen column_at(6), row(meaning) nohead linewidth 1.4 \
  linecolor rgb grey
if (uppers > 0) {
  set label full_batch_label(rule) at screen after_sample(upper_x), row(meaning + extra_row)
  set arrow from screen column_at(upper_x), row(meaning + extra_row) to screen column_at(upper_x + 6), \
    row(meaning + extra_row) nohead linewidth 1 dashtype (8, 5) linecolor rgb grey
}
if (lowers > 0 && rule ne 'sgd') {
  set label noise_label(rule) at screen after_sample(lower_x), row(meaning + extra_row)
  set arrow from screen column_at(lower_x), row(meaning + extra_row) to screen column_at(lower_x + 6), \
    row(meaning + extra_row) nohead linewidth 1.1 dashtype (1.5, 3) linecolor rgb grey
}

# Dotted lines are a little wider, also because the SVG terminal joins lines that differ in nothing but their dashes.
do for [i = 1 : count] {
  if (upper[i] > 0) {
    set arrow from graph 0, first upper[i] to graph 1, first upper[i] nohead linewidth 1 dashtype (8, 5) \
      linecolor rgb paint(i) back
  }
  if (lower[i] > 0) {
    set arrow from graph 0, first lower[i] to graph 1, first lower[i] nohead linewidth 1.1 dashtype (1.5, 3) \
      linecolor rgb paint(i) back
  }
}

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
plot for [i = 1 : count] csv using (column("batch")):(select(i, "batch_sharpness_times_eta")) with linespoints \
       linewidth 1.4 linecolor rgb paint(i) pointtype shape(i) pointsize dot pointnumber 6
unset output
