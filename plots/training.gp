# Training: the loss (line) and the gradient norm (thin line), of all samples, against the step. Dotted verticals are the
# steps at which the run was changed, with what was changed.
#
#   gnuplot training.gp                                      training.csv → training.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" training.gp
#
# Columns of the CSV: step, loss, gradient_norm, eta, change. Empty fields are missing values; a row with `change` has no
# numbers but its step.

if (!exists("stem")) stem = 'training'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('training.gp')]
load here.'style.gp'

number(name) = has(name) ? column(name) : NaN
stats csv using (see_x(column("step")), has("loss") ? see_y(column("loss")) : 0) nooutput
stats csv using (has("gradient_norm") ? see_y(column("gradient_norm")) : 0) nooutput
array change_step[20]
array change_text[20]
changes = 0
note_change(step, text) = changes >= 20 ? 0 : (changes = changes + 1, change_step[changes] = step, change_text[changes] = text, 0)
stats csv using (has("change") ? note_change(column("step"), strcol("change")) : 0) nooutput

if (!exists("heading")) heading = ''
steps = x_high
x_low = 1  # axes.gp knows logarithmic steps only; ours are set below
y_log = 1
load here.'axes.gp'
# Steps are linear, and begin at 0.
unset logscale x
set xrange [0 : steps] noextend
set xtics autofreq
set mxtics 2
set xlabel 'step'
unset ylabel

first_row = strlen(heading) > 0 ? 1 : 0
set tmargin at screen row(first_row + 0.9)
if (strlen(heading) > 0) { set label escape(heading) at screen column_at(0), row(0) }
entry(at, width, i) = sprintf('set arrow from screen %.17g, %.17g to screen %.17g, %.17g nohead linewidth %g linecolor rgb "%s"', \
                           column_at(at), row(first_row), column_at(at + 6), row(first_row), width, paint(i))
eval entry(0, 1.4, 1)
set label 'loss' at screen after_sample(0), row(first_row)
eval entry(22, 0.7, 2)
set label 'gradient norm' at screen after_sample(22), row(first_row)

do for [i = 1 : changes] {
  set arrow from first change_step[i], graph 0 to first change_step[i], graph 1 nohead linewidth 0.8 \
    dashtype (1.5, 3) linecolor rgb grey
  # Texts stand on the side where there is room for them.
  height_of = 0.95 - 0.07 * ((i - 1) % 3)
  if (change_step[i] > 0.5 * steps) {
    set label escape(change_text[i]) at first change_step[i], graph height_of right offset character -0.6, 0 \
      textcolor rgb grey
  } else {
    set label escape(change_text[i]) at first change_step[i], graph height_of left offset character 0.6, 0 \
      textcolor rgb grey
  }
}
plot csv using (column("step")):(number("gradient_norm")) with lines linewidth 0.7 linecolor rgb paint(2), \
     csv using (column("step")):(number("loss")) with lines linewidth 1.4 linecolor rgb paint(1)
unset output
