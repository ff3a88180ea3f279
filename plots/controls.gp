# Controls of the noise and of the order of the batches: the measured growth rate against the step size, one curve a control
# with 95% intervals; the exact rate (dashed) of mini-batches, which Gaussian noise of the same covariance shares.
#
#   gnuplot controls.gp                                        controls.csv → controls.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" controls.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, eta, control, moment, log_growth, lower, upper, exact. Rows
# are sorted by series (0, 1, …: one a control and setting), then step size. Empty fields are missing values.
# Variables: bottom, top (of the rate).

if (!exists("stem")) stem = 'controls'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('controls.gp')]

# The legend has a row for two curves; more of them make the figure higher.
set datafile separator comma
set datafile columnheaders
curves = 0
stats csv using (curves = column("series") + 1 > curves ? column("series") + 1 : curves, 0) nooutput
if (!exists("width")) width = 85
if (!exists("height")) height = (width <= 110 ? 0.82 : 0.52) * width + 4 * (int(curves + 1) / 2)
load here.'style.gp'

# What the file holds.
array control_of[100]
array batch_of[100]
exact = ''
series(i) = int(i) + 1
control_name(control) = \
  control eq 'none' ? 'mini-batches' : \
  control eq 'gaussian-noise' ? 'Gaussian noise' : \
  control eq 'isotropic' ? 'isotropic noise' : \
  control eq 'frozen' ? 'frozen noise' : \
  control eq 'fixed-batches' ? 'fixed batches' : \
  control eq 'cyclic' ? 'cyclic batches' : control
see_control(i, text, b) = (control_of[i] = text, batch_of[i] = b, i)
stats csv using (see_series(series(column("series")), column("momentum")), \
                 see_control(series(column("series")), control_name(strcol("control")), column("batch")), \
                 rule = strcol("rule"), sampling = strcol("sampling"), order_of = column("moment"), \
                 see_x(column("eta")), see_y(column("lower")), see_y(column("upper"))) nooutput
stats csv using (has("exact") ? (exact = with_series(exact, series(column("series"))), see_y(column("exact"))) : 0) nooutput
momenta_differ = 0; batches_differ = 0
do for [i = 2 : count] {
  if (momentum[i] != momentum[1]) { momenta_differ = 1 }
  if (batch_of[i] != batch_of[1]) { batches_differ = 1 }
}
batch_label(b) = latex ? sprintf('$B = %d$', b) : batch_size.gap.sprintf('= %d', b)
size_of(i) = i == 1 ? 2.2 : 1.4  # what lies on the first series leaves a rim of it
label_of(i) = control_of[i].(momenta_differ ? ', '.momentum_label(momentum[i]) : ''). \
  (batches_differ ? ', '.batch_label(batch_of[i]) : '')

if (!exists("heading")) heading = rule_name(rule). \
  (rule eq 'sgd' || momenta_differ ? '' : ', '.momentum_label(momentum[1])).', '.sampling_name(sampling). \
  (batches_differ ? '' : ', '.batch_label(batch_of[1]))
y_low = y_low < 0 ? y_low : 0
y_high = y_high > 0 ? y_high : 0
span = y_high - y_low > 0 ? y_high - y_low : 1
if (!exists("bottom")) bottom = y_low - 0.06 * span
if (!exists("top")) top = y_high + 0.06 * span
margin = x_high > x_low ? 0.04 * (x_high - x_low) : 0.5
set xrange [x_low - margin : x_high + margin] noextend
set yrange [bottom : top] noextend
set mxtics 2
set mytics 2
set minussign
set xlabel latex ? 'step size $\eta$' : 'step size '.eta
set ylabel latex ? sprintf('growth per step $\Lambda(%g)$', order_of) : sprintf('growth per step {/:Italic Λ}(%g)', order_of)

# The legend: heading, curves two a row, what the dashed line means.
first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 1) / 2
has_exact = words(exact) > 0
set tmargin at screen row(meaning - 1 + has_exact + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 34 * ((i - 1) % 2)
  at_y = row(first_row + (i - 1) / 2)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth 1.2 linecolor rgb paint(i)
  set label '' at screen column_at(at_x + 3), at_y point pointtype shape(i) pointsize size_of(i) * dot linecolor rgb paint(i)
  set label label_of(i) at screen after_sample(at_x), at_y
}
if (has_exact) {
  set arrow from screen column_at(0), row(meaning) to screen column_at(6), row(meaning) nohead linewidth 1.2 \
    dashtype (8, 5) linecolor rgb '#000000'
  set label 'exact, for the covariance of mini-batches' at screen after_sample(0), row(meaning)
}
set arrow from graph 0, first 0 to graph 1, first 0 nohead linewidth 0.6 linecolor rgb grey back

of_series(i) = column("series") == i - 1
plot for [i = 1 : count] csv using (of_series(i) ? column("eta") : NaN):(column("log_growth")) with lines \
       linewidth 1.2 linecolor rgb paint(i), \
     for [k = 1 : words(exact) > 0] csv using (of_series(number(exact, 1)) && has("exact") ? column("eta") : NaN): \
       (column("exact")) with lines linewidth 1.2 dashtype (8, 5) linecolor rgb '#000000', \
     for [i = 1 : count] csv using (of_series(i) ? column("eta") : NaN):(column("lower")):(0): \
       (column("upper") - column("lower")) with vectors heads size screen across(0.5), 90 fixed linewidth 0.9 \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (of_series(i) ? column("eta") : NaN):(column("log_growth")) with points \
       pointtype shape(i) pointsize size_of(i) * dot linecolor rgb paint(i)
unset output
