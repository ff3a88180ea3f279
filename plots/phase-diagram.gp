# A phase diagram: a growth rate over the plane of two of step size, batch size and momentum, with the mean-square boundary
# (solid), the noise-free edge (dashed) and, where they are known, the thresholds of the fourth moment (dash-dotted) and of
# almost sure stability (dotted). Blue decays, orange grows; the colour is proportional to the root of the rate, on either
# side of zero in units of the largest. Grey: no value. One picture a value of the third quantity, one below another.
#
#   gnuplot phase-diagram.gp                                        phase-diagram.csv → phase-diagram.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" phase-diagram.gp
#
# Columns of the CSV: figure (growth or lyapunov), rule, sampling, panel (0, 1, …), third, third_value, x_quantity, x_scale,
# y_quantity, y_scale, kind (cell, boundary, edge, almost-sure or moment-4), x, x_low, x_high, y, y_low, y_high, value.

if (!exists("stem")) stem = 'phase-diagram'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('phase-diagram.gp')]

# What the file holds.
set datafile separator comma
set datafile columnheaders
panels = 0; figure = ''; x_quantity = ''; y_quantity = ''; x_scale = ''; y_scale = ''; third = ''
x_first = 1e300; x_last = -1e300; y_first = 1e300; y_last = -1e300; lowest = 0; highest = 0
array third_value[100]
see_panel(i, v) = (panels = i > panels ? i : panels, third_value[i] = v)
see_value(v) = (lowest = v < lowest ? v : lowest, highest = v > highest ? v : highest, v)
see_box(a, b, c, d) = (x_first = a < x_first ? a : x_first, x_last = b > x_last ? b : x_last, \
                       y_first = c < y_first ? c : y_first, y_last = d > y_last ? d : y_last, 0)
rule = ''; sampling = ''
stats csv using (see_panel(int(column("panel")) + 1, column("third_value")), figure = strcol("figure"), \
                 rule = strcol("rule"), sampling = strcol("sampling"), third = strcol("third"), \
                 x_quantity = strcol("x_quantity"), y_quantity = strcol("y_quantity"), x_scale = strcol("x_scale"), \
                 y_scale = strcol("y_scale"), 0) nooutput
stats csv using (strcol("kind") eq 'cell' ? see_box(column("x_low"), column("x_high"), column("y_low"), \
                 column("y_high")) : 0) nooutput
# The further thresholds of each picture, and of any.
array further_of[100]; further_seen = ''
with_name(list, name) = strstrt(list, name) > 0 ? list : list.' '.name
see_further(i, name) = (further_of[i] = with_name(further_of[i], name), further_seen = with_name(further_seen, name), 0)
do for [i = 1 : 100] { further_of[i] = '' }
stats csv using (strcol("kind") eq 'almost-sure' || strcol("kind") eq 'moment-4' ? \
                 see_further(int(column("panel")) + 1, strcol("kind")) : 0) nooutput
stats csv using (strlen(strcol("value")) > 0 ? see_value(column("value")) : 0) nooutput
seen_rule = rule; seen_sampling = sampling

if (!exists("width")) width = 85
panel_height = width <= 110 ? 0.6 * width : 0.36 * width
if (!exists("height")) height = 28.5 + (further_seen eq '' ? 0 : 4) + panels * (panel_height + 11)
load here.'style.gp'
rule = seen_rule; sampling = seen_sampling

# Without data there is still an empty picture, and no error.
if (panels == 0) { panels = 1; x_first = 1; x_last = 10; y_first = 1; y_last = 10; third_value[1] = 0 }
if (lowest == 0) { lowest = -1 }
if (highest == 0) { highest = 1 }

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
name_of(q) = q eq 'eta' ? 'step size'.gap.eta : q eq 'batch' ? 'batch size'.gap.batch_size : 'momentum'.gap.beta
symbol_of(q) = q eq 'eta' ? eta : q eq 'batch' ? batch_size : beta
growth_name = figure eq 'lyapunov' ? 'Lyapunov exponent'.gap.formula('{/:Italic λ}', '\lambda') : \
  'growth'.gap.formula('ln {/:Italic ρ}', '\ln\rho').gap.'of the second moment'

# Either side of zero fills half of the colours: the root of the share of its extreme.
shade(v) = v < 0 ? -sqrt(v / lowest) : sqrt(v / highest)
set palette defined (-1 '#053061', -0.75 '#2166ac', -0.45 '#67a9cf', -0.15 '#d1e5f0', 0 '#ffffff', 0.15 '#fee0b6', \
                     0.45 '#f1a340', 0.75 '#b35806', 1 '#7f3b08')
set cbrange [-1 : 1]

# One axis: range, scale and tics; `a` is x or y.
power(k) = latex ? sprintf('$10^{%d}$', k) : sprintf('10^{%s%d}', k < 0 ? '−' : '', abs(k))
round_number(v) = latex ? sprintf('$%g$', v) : (v < 0 ? '−' : '').sprintf('%g', abs(v))
do for [a in 'x y'] {
  low = a eq 'x' ? x_first : y_first
  high = a eq 'x' ? x_last : y_last
  logarithmic = (a eq 'x' ? x_scale : y_scale) eq 'log'
  quantity = a eq 'x' ? x_quantity : y_quantity
  eval sprintf('set %srange [%.17g : %.17g] noextend', a, low, high)
  if (logarithmic) {
    eval 'set logscale '.a.' 10; set '.a.'tics ()'
    decades = log10(high / low)
    if (quantity eq 'batch' && decades < 3.7) {
      step = int(ceil(log2(high / low) / 7.0))
      do for [k = 0 : int(floor(log2(high)))] {
        if (2.0**k >= low) {
          eval sprintf("set %stics add ('%s' %.17g %d)", a, k % step == 0 ? sprintf('%g', 2.0**k) : '', 2.0**k, \
                       k % step == 0 ? 0 : 1)
        }
      }
    } else {
      step = int(ceil(decades / 7))
      do for [k = int(floor(log10(low))) : int(ceil(log10(high)))] {
        do for [m = 1 : 9] {
          v = m * 10.0**k
          labelled = decades >= 1.6 ? m == 1 && k % step == 0 : m == 1 || m == 2 || m == 5
          name = !labelled ? '' : decades >= 1.6 ? power(k) : round_number(v)
          if (v >= low && v <= high && (step == 1 || m == 1)) {
            eval sprintf("set %stics add ('%s' %.17g %d)", a, name, v, labelled ? 0 : 1)
          }
        }
      }
    }
  } else {
    eval 'unset logscale '.a.'; set '.a.'tics autofreq; set m'.a.'tics 2'
  }
}

# From the top: heading, name of the colours, their bar, meaning of the lines; then the pictures.
first_row = strlen(heading) > 0 ? 1 : 0
if (first_row) { set label 1 escape(heading) at screen column_at(0), row(0) }
set label 2 growth_name at screen column_at(0), row(first_row)
bar_top = row(first_row) - above(2.8)
set colorbox horizontal user origin screen column_at(0), bar_top - above(2.6) \
  size screen 1 - across(2.5) - column_at(0), above(2.6) front
set cbtics scale 0.4 offset 0, 0.5 ()
do for [share in '-1 -0.25 0 0.25 1'] {
  v = share < 0 ? -share * lowest : share * highest
  set cbtics add ((latex ? sprintf('$%.2g$', v) : (v < 0 ? '−' : '').sprintf('%.2g', abs(v))) shade(v))
}
lines_at = bar_top - above(9.5)
set arrow 1 from screen column_at(0), lines_at to screen column_at(6), lines_at nohead linewidth 1.4 \
  linecolor rgb '#000000'
set label 3 'mean-square boundary' at screen after_sample(0), lines_at
set arrow 2 from screen column_at(37), lines_at to screen column_at(43), lines_at nohead linewidth 1.2 \
  dashtype (14, 8) linecolor rgb '#000000'
set label 4 'noise-free edge' at screen after_sample(37), lines_at
if (strstrt(further_seen, 'moment-4')) {
  set arrow 3 from screen column_at(0), lines_at - above(4) to screen column_at(6), lines_at - above(4) nohead \
    linewidth 1.4 dashtype (10, 3, 2, 3) linecolor rgb '#000000'
  set label 5 'fourth moment' at screen after_sample(0), lines_at - above(4)
}
if (strstrt(further_seen, 'almost-sure')) {
  free = strstrt(further_seen, 'moment-4') ? 37 : 0
  set arrow 4 from screen column_at(free), lines_at - above(4) to screen column_at(free + 6), lines_at - above(4) nohead \
    linewidth 1.6 dashtype (2, 3) linecolor rgb '#000000'
  set label 6 'almost sure' at screen after_sample(free), lines_at - above(4)
}
pictures_top = lines_at - above(further_seen eq '' ? 2.5 : 6.5)
picture = (pictures_top - above(9.5) + above(6.5)) / panels

# Boxes reach a little under the next one, so that no seam shows.
further(low, high, scale) = scale eq 'log' ? high * (high / low)**0.04 : high + 0.04 * (high - low)
is(i, what) = column("panel") == i - 1 && strcol("kind") eq what
# By number: gnuplot drops an empty last column, and where it is asked for by name draws a white box.
cell_x(i) = is(i, 'cell') && valid(18) ? column("x") : NaN
curve_x(i, what) = is(i, what) ? column("x") : NaN

set style line 11 linewidth 1.4 dashtype (10, 3, 2, 3) linecolor rgb '#000000'
set style line 12 linewidth 1.6 dashtype (2, 3) linecolor rgb '#000000'
set border 15 front linewidth 0.6 linecolor rgb '#000000'
set tics out
set ylabel name_of(y_quantity)
set object 1 rectangle from graph 0, 0 to graph 1, 1 behind fillcolor rgb '#bbbbbb' fillstyle solid noborder
set multiplot
do for [i = 1 : panels] {
  top = pictures_top - (i - 1) * picture
  set tmargin at screen top - above(4.5)
  set bmargin at screen top - picture + above(6.5)
  set label 9 (latex ? '$'.(third eq 'eta' ? '\eta' : third eq 'batch' ? 'B' : '\beta').sprintf(' = %g$', third_value[i]) : \
    symbol_of(third).gap.'= '.round_number(third_value[i])) at screen column_at(0), top - above(2.3)
  set xlabel i < panels ? '' : name_of(x_quantity)
  plot csv using (cell_x(i)):(column("y")):(column("x_low")):(further(column("x_low"), column("x_high"), x_scale)): \
         (column("y_low")):(further(column("y_low"), column("y_high"), y_scale)):(shade(column("value"))) \
         with boxxyerror fillstyle solid noborder linecolor palette, \
       csv using (curve_x(i, 'edge')):(column("y")) with lines linewidth 1.2 dashtype (14, 8) linecolor rgb '#000000', \
       for [name in further_of[i]] csv using (curve_x(i, name)):(column("y")) with lines \
         linestyle (name eq 'moment-4' ? 11 : 12), \
       csv using (curve_x(i, 'boundary')):(column("y")) with lines linewidth 1.4 linecolor rgb '#000000'
  unset colorbox
  do for [k = 1 : 6] { unset label k }
  unset arrow
}
unset multiplot
unset output
