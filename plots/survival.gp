# Escape times: the share of replicas whose loss has not passed the level, against the step, as Kaplan–Meier curves with 95%
# bands (one a step size or control), the exponential law of the same hazard (dashed), and the step at which the mean loss
# passes the level (triangle on the axis).
#
#   gnuplot survival.gp                                        survival.csv → survival.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" survival.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, eta, control, level, step, survival, lower, upper,
# exponential, mean_passage. Rows are sorted by series (0, 1, …), then step; a step at which the curve falls has two, before
# and after. Empty fields are missing values.
# Variables: top, bottom (of the share).

if (!exists("stem")) stem = 'survival'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('survival.gp')]
load here.'style.gp'

# What the file holds.
array label_of[100]
passages = ''
series(i) = int(i) + 1
name_of(control, value) = (latex ? sprintf('$\eta = %g$', value) : eta.gap.sprintf('= %g', value)). \
  (control eq 'none' ? '' : ', '.control)
see_label(i, text) = (label_of[i] = text, i)
stats csv using (see_series(series(column("series")), column("momentum")), see_label(series(column("series")), name_of(strcol("control"), column("eta"))), \
                 rule = strcol("rule"), sampling = strcol("sampling"), batch = column("batch"), level = column("level"), \
                 see_x(column("step")), column("survival") > 0 ? see_y(column("survival")) : 0) nooutput
stats csv using (has("mean_passage") && column("mean_passage") <= x_high ? \
                 passages = with_series(passages, series(column("series"))) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '. \
  sampling_name(sampling).', '.(latex ? sprintf('$B = %d$', batch) : batch_size.gap.sprintf('= %d', batch))
if (!exists("bottom")) bottom = y_low < 0.5 ? y_low / 1.5 : 0.4
if (!exists("top")) top = 1.15
set xrange [0 : x_high] noextend
set yrange [bottom : top] noextend
set logscale y 10
set ytics ()
power(k) = latex ? sprintf('$10^{%d}$', k) : sprintf('10^{%s%d}', k < 0 ? '−' : '', abs(k))
decades = log10(top / bottom)
do for [k = int(floor(log10(bottom))) : 0] {
  do for [m = 1 : 9] {
    value = m * 10.0**k
    if (m == 1 || (decades < 1.6 && (m == 2 || m == 5))) {
      text = value >= 0.001 ? sprintf('%g', value) : power(k); set ytics add (text value)
    } else { set ytics add ("" value 1) }
  }
}
set mxtics 2
set xlabel 'step'
level_text = latex ? sprintf('$L \geq %g\,L_0$', level) : sprintf('{/:Italic L} ≥ %g ', level).'{/:Italic L}_0'
set ylabel 'not escaped ('.level_text.')'

# The legend: heading, curves two a row, what the lines mean.
first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 1) / 2
set tmargin at screen row(meaning + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 34 * ((i - 1) % 2)
  at_y = row(first_row + (i - 1) / 2)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth 1.4 \
    linecolor rgb paint(i)
  set label label_of[i] at screen after_sample(at_x), at_y
}
set object rectangle from screen column_at(0), row(meaning) - above(1) to screen column_at(6), row(meaning) + above(1) \
  fillcolor rgb '#CCCCCC' fillstyle solid noborder
set label '95'.percent.' band' at screen after_sample(0), row(meaning)
set arrow from screen column_at(22), row(meaning) to screen column_at(28), row(meaning) nohead linewidth 1 \
  dashtype (8, 5) linecolor rgb grey
set label 'exponential' at screen after_sample(22), row(meaning)
if (words(passages) > 0) {
  set label '' at screen column_at(49), row(meaning) point pointtype 9 pointsize 2 * dot linecolor rgb grey
  set label 'mean passes' at screen column_at(51.5), row(meaning)
}

# The palette mixed with white, because not every terminal has transparency.
array tint[7]
tint[1] = '#B2D4E7'; tint[2] = '#F2CEB2'; tint[3] = '#B2E1D5'; tint[4] = '#EFD6E4'
tint[5] = '#F7E2B2'; tint[6] = '#CCE9F8'; tint[7] = '#BFBFBF'
shade(i) = tint[(i - 1) % 7 + 1]

low(v) = v < bottom ? bottom : v
of_series(i) = column("series") == i - 1
plot for [i = 1 : count] csv using (of_series(i) ? column("step") : NaN):(low(column("lower"))): \
       (column("upper")) with filledcurves fillcolor rgb shade(i) fillstyle solid noborder, \
     for [i = 1 : count] csv using (of_series(i) ? column("step") : NaN):(column("exponential") < bottom ? NaN : \
       column("exponential")) with lines linewidth 1 dashtype (8, 5) linecolor rgb paint(i), \
     for [i = 1 : count] csv using (of_series(i) ? column("step") : NaN):(column("survival") < bottom ? NaN : \
       column("survival")) with lines linewidth 1.4 linecolor rgb paint(i), \
     for [k = 1 : words(passages)] csv using (of_series(number(passages, k)) && column("step") == 0 ? \
       column("mean_passage") : NaN):(bottom * (top / bottom)**0.03) with points pointtype 9 pointsize 2 * dot \
       linecolor rgb paint(number(passages, k))
unset output
