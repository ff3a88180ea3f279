# Stability conditions against the batch size, one curve a condition: the exact threshold (thick), necessary conditions
# (solid), sufficient ones (dashed) and those that are neither (dotted).
#
#   gnuplot bounds.gp                                          bounds.csv → bounds.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" bounds.gp
#
# Columns of the CSV: series, rule, sampling, momentum, criterion, status, batch, eta. Rows are sorted by series (0, 1, …:
# one a condition), then batch. Empty fields are missing values.

if (!exists("stem")) stem = 'bounds'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('bounds.gp')]
if (!exists("width")) width = 85
if (!exists("height")) height = width <= 110 ? width : 0.62 * width
load here.'style.gp'

# What the file holds.
array criterion[100]; array status[100]; array lowest[100]
do for [i = 1 : 100] { criterion[i] = ''; status[i] = ''; lowest[i] = 0 }
see_point(i, y) = (lowest[i] = lowest[i] == 0 || y < lowest[i] ? y : lowest[i], see_y(y))
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), see_x(column("batch"))) nooutput
stats csv using (criterion[int(column("series")) + 1] = strcol("criterion"), \
                 status[int(column("series")) + 1] = strcol("status"), 0) nooutput
stats csv using (has("eta") ? see_point(int(column("series")) + 1, column("eta")) : 0) nooutput

if (!exists("heading")) \
  heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '.sampling_name(sampling)
# A condition far above the noise-free edge excludes nothing: it may leave through the top, but not without being seen.
y_top = 0
do for [i = 1 : count] {
  shown = criterion[i] eq 'mean' ? 3 * lowest[i] : lowest[i]
  y_top = shown > y_top ? shown : y_top
}
if (y_top > 0 && y_high > y_top) { y_high = y_top }
y_log = 1
load here.'axes.gp'
set xlabel 'batch size'.gap.batch_size
set ylabel 'step size'.gap.eta

# Names as papers give them; a condition without one here keeps its own.
dash = latex ? '--' : '–'
title(name) = \
  name eq 'noise-kernel' ? 'exact' : \
  name eq 'mean' ? 'mean' : \
  name eq 'wu-ma-e' ? 'Wu'.dash.'Ma'.dash.'E' : \
  name eq 'wu-ma-e-box' ? 'W'.dash.'M'.dash.'E box' : \
  name eq 'frobenius' ? 'Frobenius' : \
  name eq 'trace' ? 'trace' : \
  name eq 'mulayoff-15' ? 'M'.dash.'M (15)' : \
  name eq 'mulayoff-16' ? 'M'.dash.'M (16)' : \
  name eq 'rank-one' ? 'M'.dash.'M (24)' : \
  name eq 'coherence' ? 'coherence' : \
  name eq 'every-batch' ? 'every batch' : \
  name eq 'batch-gap' ? 'batch gap' : escape(name)

# The exact threshold is black and alone so; the others go through the palette.
is_exact(i) = status[i] eq 'exact'
array tint[100]
used = 0
do for [i = 1 : count] {
  if (!is_exact(i)) { used = used + 1 }
  tint[i] = is_exact(i) ? 7 : (used - 1) % 6 + 1
}
thickness(i) = is_exact(i) ? 2.2 : 1.2
pattern(i) = status[i] eq 'sufficient' ? 2 : status[i] eq 'neither' ? 3 : 1
set linetype 101 dashtype solid
set linetype 102 dashtype (12, 6)
set linetype 103 dashtype (2, 5)
array mark[100]
do for [i = 1 : count] { mark[i] = is_exact(i) ? 7 : marker[(i - 1) % 7 + 1] - (i > 7 && marker[(i - 1) % 7 + 1] != 3) }

first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 2) / 3
set tmargin at screen row(meaning + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 23 * ((i - 1) % 3)
  at_y = row(first_row + (i - 1) / 3)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth thickness(i) \
    linetype 100 + pattern(i) linecolor rgb color[tint[i]]
  set label '' at screen column_at(at_x + 3), at_y point pointtype mark[i] pointsize dot linecolor rgb color[tint[i]]
  set label title(criterion[i]) at screen after_sample(at_x), at_y
}
array meanings[3]
meanings[1] = 'necessary'; meanings[2] = 'sufficient'; meanings[3] = 'neither'
do for [k = 1 : 3] {
  set arrow from screen column_at(23 * (k - 1)), row(meaning) to screen column_at(23 * (k - 1) + 6), row(meaning) \
    nohead linewidth 1.2 linetype 100 + k linecolor rgb grey
  set label meanings[k] at screen after_sample(23 * (k - 1)), row(meaning)
}

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
plot for [i = 1 : count] csv using (column("batch")):(select(i, "eta")) with linespoints \
       linewidth thickness(i) linetype 100 + pattern(i) linecolor rgb color[tint[i]] pointtype mark[i] pointsize dot \
       pointnumber 7
unset output
