# How fast the stationary state forgets: the autocorrelation of ‖z‖² against the lag, one curve a step size with 95% bands, and
# the exact decay of what is quadratic in the state (dashed), from 1 at lag 0.
#
#   gnuplot mixing.gp                                          mixing.csv → mixing.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" mixing.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, eta, control, lag, correlation, lower, upper, exact. Rows are
# sorted by series (0, 1, …), then lag. Empty fields are missing values. Variables: bottom, top (of the correlation).

if (!exists("stem")) stem = 'mixing'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('mixing.gp')]
load here.'style.gp'

# What the file holds.
array step_size_of[100]
exact = ''
series(i) = int(i) + 1
see_step_size(i, v) = (step_size_of[i] = v, i)
positive(v) = v > 0 ? see_y(v) : 0
stats csv using (see_series(series(column("series")), column("momentum")), see_step_size(series(column("series")), \
                 column("eta")), rule = strcol("rule"), sampling = strcol("sampling"), batch = column("batch"), \
                 see_x(column("lag")), positive(column("correlation"))) nooutput
stats csv using (has("exact") ? (exact = with_series(exact, series(column("series"))), 0) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '. \
  sampling_name(sampling).', '.(latex ? sprintf('$B = %d$', batch) : batch_size.gap.sprintf('= %d', batch))
if (y_low > y_high) { y_low = 0.01 }
if (!exists("bottom")) bottom = y_low < 0.003 ? 0.002 : y_low / 1.5
if (!exists("top")) top = 1.25
set xrange [0 : x_high > 0 ? x_high : 1] noextend
set yrange [bottom : top] noextend
set logscale y 10
power(k) = latex ? sprintf('$10^{%d}$', k) : sprintf('10^{%s%d}', k < 0 ? '−' : '', abs(k))
decades = log10(top / bottom)
set ytics ()
do for [k = int(floor(log10(bottom))) : 0] {
  do for [m = 1 : 9] {
    value = m * 10.0**k
    if (m == 1 || (decades < 1.6 && (m == 2 || m == 5))) {
      text = value >= 0.001 ? sprintf('%g', value) : power(k); set ytics add (text value)
    } else { set ytics add ("" value 1) }
  }
}
set mxtics 2
set xlabel 'lag (steps)'
set ylabel latex ? 'autocorrelation of $\|z\|^2$' : 'autocorrelation of ‖{/:Italic z}‖²'

first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 1) / 2
set tmargin at screen row(meaning + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 34 * ((i - 1) % 2)
  at_y = row(first_row + (i - 1) / 2)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth 1.4 linecolor rgb paint(i)
  set label (latex ? sprintf('$\eta = %g$', step_size_of[i]) : eta.gap.sprintf('= %g', step_size_of[i])) \
    at screen after_sample(at_x), at_y
}
set object rectangle from screen column_at(0), row(meaning) - above(1) to screen column_at(6), row(meaning) + above(1) \
  fillcolor rgb '#CCCCCC' fillstyle solid noborder
set label '95'.percent.' band' at screen after_sample(0), row(meaning)
if (words(exact) > 0) {
  set arrow from screen column_at(34), row(meaning) to screen column_at(40), row(meaning) nohead linewidth 1 \
    dashtype (8, 5) linecolor rgb grey
  set label 'exact decay' at screen after_sample(34), row(meaning)
}

# The palette mixed with white, because not every terminal has transparency.
array tint[7]
tint[1] = '#B2D4E7'; tint[2] = '#F2CEB2'; tint[3] = '#B2E1D5'; tint[4] = '#EFD6E4'
tint[5] = '#F7E2B2'; tint[6] = '#CCE9F8'; tint[7] = '#BFBFBF'
shade(i) = tint[(i - 1) % 7 + 1]
low(v) = v < bottom ? bottom : v
of_series(i) = column("series") == i - 1
plot for [i = 1 : count] csv using (of_series(i) ? column("lag") : NaN):(low(column("lower"))): \
       (low(column("upper"))) with filledcurves fillcolor rgb shade(i) fillstyle solid noborder, \
     for [k = 1 : words(exact)] csv using (of_series(number(exact, k)) && has("exact") && column("exact") >= bottom ? \
       column("lag") : NaN):(column("exact")) with lines linewidth 1 dashtype (8, 5) linecolor rgb paint(number(exact, k)), \
     for [i = 1 : count] csv using (of_series(i) ? column("lag") : NaN):(column("correlation") < bottom ? NaN : \
       column("correlation")) with lines linewidth 1.4 linecolor rgb paint(i)
unset output
