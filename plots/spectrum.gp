# The eigenvalues of the Hessian in order, largest first, on logarithmic axes: a power law is a straight line.
#
#   gnuplot spectrum.gp                                        spectrum.csv → spectrum.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" spectrum.gp
#
# Columns of the CSV: index (1, 2, …), eigenvalue.

if (!exists("stem")) stem = 'spectrum'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('spectrum.gp')]
load here.'style.gp'

# What the file holds; eigenvalues that are not positive have no place on this axis.
stats csv using (column("eigenvalue") > 0 ? (see_x(column("index")), see_y(column("eigenvalue"))) : 0) nooutput
negative = 0
stats csv using (column("eigenvalue") > 0 ? 0 : (negative = negative + 1)) nooutput

if (!exists("heading")) heading = 'spectrum of the Hessian'
y_log = 1
load here.'axes.gp'
set xlabel 'index'.gap.formula('{/:Italic i}', 'i')
set ylabel 'eigenvalue'.gap.formula('{/:Italic λ_i}', '\lambda_i')

set tmargin at screen row((strlen(heading) > 0) + (negative > 0) - 0.1)
if (strlen(heading) > 0) { set label escape(heading) at screen column_at(0), row(0) }
if (negative > 0) { set label sprintf('%d not positive, not shown', negative) at screen column_at(0), row(strlen(heading) > 0) }
plot csv using (column("index")):(column("eigenvalue")) with points pointtype 7 pointsize 0.7 * dot \
       linecolor rgb color[1]
unset output
