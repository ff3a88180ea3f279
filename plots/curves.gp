# Curves in one panel or several: lines, dashed levels, points with their intervals, bands. Every series has its label above
# its panel.
#
#   gnuplot curves.gp                                          curves.csv → curves.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" curves.gp
#
# Columns of the CSV: panel (0, 1, …), title, x_label, y_label, scale ("", "x", "y" or "xy": the logarithmic axes), series
# (0, 1, … over all panels), label, kind (line, thin, dashed, points, joined, band), colour (1 … 7), x, y, lower, upper.
# Rows are sorted by panel, then series. Empty fields are missing values; texts hold no commas, at which gnuplot would end them.

if (!exists("stem")) stem = 'curves'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('curves.gp')]

# What the file holds, before the size of the picture is known.
set encoding utf8
set datafile separator comma
set datafile columnheaders
array panel_title[40]; array panel_x[40]; array panel_y[40]; array panel_scale[40]
array x_from[40]; array x_to[40]; array y_from[40]; array y_to[40]; array labels[40]
array first_series[40]; array last_series[40]; array longest[40]
array series_label[400]; array series_kind[400]; array series_colour[400]
panels = 0; seen_series = -1
new_panel(p) = (panels = p, x_from[p] = 1e300, x_to[p] = -1e300, y_from[p] = 1e300, y_to[p] = -1e300, labels[p] = 0, longest[p] = 0, \
  panel_title[p] = strcol("title"), panel_x[p] = strcol("x_label"), panel_y[p] = strcol("y_label"), \
  panel_scale[p] = strcol("scale"), first_series[p] = int(column("series")), 0)
new_series(p, s) = (seen_series = s, last_series[p] = s, series_label[s + 1] = strcol("label"), \
  series_kind[s + 1] = strcol("kind"), series_colour[s + 1] = int(column("colour")), \
  longest[p] = high(longest[p], strlen(strcol("label"))), labels[p] = labels[p] + (strlen(strcol("label")) > 0 ? 1 : 0), 0)
low(a, b) = b < a ? b : a
high(a, b) = b > a ? b : a
see(p, x, y) = (x_from[p] = low(x_from[p], x), x_to[p] = high(x_to[p], x), y_from[p] = low(y_from[p], y), \
  y_to[p] = high(y_to[p], y), 0)
stats csv using (column("panel") + 1 > panels ? new_panel(int(column("panel")) + 1) : 0, \
  column("series") > seen_series ? new_series(int(column("panel")) + 1, int(column("series"))) : 0, \
  see(int(column("panel")) + 1, column("x"), column("y")), \
  strlen(strcol("lower")) > 0 ? see(int(column("panel")) + 1, column("x"), column("lower")) : 0, \
  strlen(strcol("upper")) > 0 ? see(int(column("panel")) + 1, column("x"), column("upper")) : 0) nooutput

# Panels stand side by side where two columns of a paper are there.
if (!exists("width")) width = panels > 1 ? 178 : 85
across_panels = width > 110 && panels > 1 ? 2 : 1
down_panels = (panels + across_panels - 1) / across_panels
panel_width = width / (1.0 * across_panels)
if (!exists("fontsize")) fontsize = 8
scale = fontsize / 8.0
# Legends have as many columns as their longest label leaves room for.
entry_width(p) = (10 + 1.3 * longest[p]) * scale
entries_a_row(p) = int(high(1, low(4, floor((panel_width - 18 * scale) / entry_width(p)))))
rows_of(p) = (labels[p] + entries_a_row(p) - 1) / entries_a_row(p)
most_rows = 0
do for [p = 1 : panels] { most_rows = high(most_rows, rows_of(p) + (strlen(panel_title[p]) > 0 ? 1 : 0)) }
panel_height = (panel_width > 110 ? 70 : 62) * (0.5 + 0.5 * scale) + 4 * scale * most_rows
if (!exists("height")) height = down_panels * panel_height
load here.'style.gp'

# Text as it stands in the file, for gnuplot's own typesetting and for LaTeX.
greek(c) = c eq 'η' ? '$\eta$' : c eq 'β' ? '$\beta$' : c eq 'λ' ? '$\lambda$' : c eq 'μ' ? '$\mu$' : \
  c eq 'σ' ? '$\sigma$' : c eq 'ρ' ? '$\rho$' : c eq 'δ' ? '$\delta$' : c eq 'ε' ? '$\varepsilon$' : \
  c eq 'θ' ? '$\theta$' : c eq 'α' ? '$\alpha$' : c eq 'τ' ? '$\tau$' : c eq 'Λ' ? '$\Lambda$' : c eq '−' ? '$-$' : \
  c eq '·' ? '$\cdot$' : c eq '‖' ? '$\|$' : c eq '⟨' ? '$\langle$' : c eq '⟩' ? '$\rangle$' : c eq '∞' ? '$\infty$' : \
  c eq '²' ? '$^2$' : c eq '³' ? '$^3$' : c eq '½' ? '$\frac12$' : c eq '√' ? '$\sqrt{}$' : c eq '×' ? '$\times$' : \
  c eq '≈' ? '$\approx$' : c eq '≥' ? '$\ge$' : c eq '≤' ? '$\le$' : c eq '†' ? '$\dagger$' : c eq '∇' ? '$\nabla$' : \
  c eq '_' ? '\_' : c eq '%' ? '\%' : c eq '&' ? '\&' : c eq '#' ? '\#' : c eq '^' ? '\^{}' : c eq '*' ? '$^*$' : c
plain(c) = c eq '_' ? '\_' : c eq '^' ? '\^' : c eq '{' ? '\{' : c eq '}' ? '\}' : c eq '@' ? '\@' : c eq '&' ? '\&' : c
typeset(s) = strlen(s) == 0 ? '' : (latex ? greek(s[1 : 1]) : plain(s[1 : 1])).typeset(s[2 : ])

# One element of the plot a series.
of(s, name) = sprintf('(column("series") == %d ? column("%s") : NaN)', s, name)
heads = 'heads size screen '.sprintf('%.6f', across(0.6)).', 90 fixed'
bars(s) = sprintf('csv using %s:((strlen(strcol("lower")) > 0 && strlen(strcol("upper")) > 0) ? column("lower") : NaN):(0):(column("upper") - column("lower")) with vectors %s linewidth 0.9 linecolor rgb "%s" notitle', \
  of(s, "x"), heads, paint(series_colour[s + 1]))
drawn(s, style) = sprintf('csv using %s:(column("y")) with %s linecolor rgb "%s"', of(s, "x"), style, paint(series_colour[s + 1])).' notitle'
dots(s) = sprintf('pointtype %d pointsize %g', shape(series_colour[s + 1]), dot)
element(s) = series_kind[s + 1] eq 'line' ? drawn(s, 'lines linewidth 1.4') : \
  series_kind[s + 1] eq 'thin' ? drawn(s, 'lines linewidth 0.6') : \
  series_kind[s + 1] eq 'dashed' ? drawn(s, 'lines linewidth 1.1 dashtype (8, 5)') : \
  series_kind[s + 1] eq 'points' ? bars_if(s).drawn(s, 'points '.dots(s)) : \
  series_kind[s + 1] eq 'joined' ? bars_if(s).drawn(s, 'linespoints linewidth 1 '.dots(s)) : \
  sprintf('csv using %s:(column("lower")):(column("upper")) with filledcurves fillstyle transparent solid 0.2 noborder linecolor rgb "%s"', of(s, "x"), paint(series_colour[s + 1])).' notitle'
array has_bars[400]
do for [s = 1 : seen_series + 1] { has_bars[s] = 0 }
see_bars(s) = (has_bars[s] = 1, 0)
stats csv using (strlen(strcol("lower")) > 0 && strlen(strcol("upper")) > 0 ? see_bars(int(column("series")) + 1) : 0) nooutput
bars_if(s) = has_bars[s + 1] ? bars(s).', ' : ''

# Where there are too few powers of ten to read values from, others are labelled too.
marks(ratio) = ratio > 8 ? '1 2 5' : ratio > 2.5 ? '1 1.5 2 3 4 5 7' : '1 1.2 1.4 1.6 1.8 2 2.5 3 3.5 4 4.5 5 6 7 8 9'

set multiplot
set minussign
at_object = 1
do for [p = 1 : panels] {
  left = ((p - 1) % across_panels) * panel_width
  top = height - ((p - 1) / across_panels) * panel_height
  lines = rows_of(p) + (strlen(panel_title[p]) > 0 ? 1 : 0)
  set lmargin at screen across(0) + (left + 15.5 * scale) / width
  set rmargin at screen (left + panel_width - 3.0 * scale) / width
  set tmargin at screen (top - (3.5 + 4.0 * lines) * scale) / height
  set bmargin at screen (top - panel_height + 9.5 * scale) / height
  unset label
  if (strlen(panel_title[p]) > 0) {
    set label 1 typeset(panel_title[p]) at screen (left + 15.5 * scale) / width, (top - 3.0 * scale) / height
  }
  # The legend, entry by entry above the panel.
  entry = 0
  unset arrow; unset object
  do for [s = first_series[p] : last_series[p]] {
    if (strlen(series_label[s + 1]) > 0) {
      at_x = left + 15.5 * scale + (entry % entries_a_row(p)) * entry_width(p)
      at_y = (top - (3.0 + 4.0 * (entry / entries_a_row(p) + lines - rows_of(p))) * scale) / height
      kind = series_kind[s + 1]
      here_colour = paint(series_colour[s + 1])
      if (kind eq 'band') {
        set object at_object rectangle from screen at_x / width, at_y - 1.2 * scale / height \
          to screen (at_x + 6 * scale) / width, at_y + 1.2 * scale / height fillstyle transparent solid 0.2 noborder \
          fillcolor rgb here_colour
        at_object = at_object + 1
      }
      if (kind eq 'line' || kind eq 'joined') {
        set arrow from screen at_x / width, at_y to screen (at_x + 6 * scale) / width, at_y nohead linewidth 1.4 \
          linecolor rgb here_colour
      }
      if (kind eq 'thin') {
        set arrow from screen at_x / width, at_y to screen (at_x + 6 * scale) / width, at_y nohead linewidth 0.6 \
          linecolor rgb here_colour
      }
      if (kind eq 'dashed') {
        set arrow from screen at_x / width, at_y to screen (at_x + 6 * scale) / width, at_y nohead linewidth 1.1 \
          dashtype (8, 5) linecolor rgb here_colour
      }
      if (kind eq 'points' || kind eq 'joined') {
        set label '' at screen (at_x + 3 * scale) / width, at_y point pointtype shape(series_colour[s + 1]) \
          pointsize dot linecolor rgb here_colour
      }
      set label typeset(series_label[s + 1]) at screen (at_x + 7.5 * scale) / width, at_y
      entry = entry + 1
    }
  }
  x_is_log = strstrt(panel_scale[p], 'x') > 0
  y_is_log = strstrt(panel_scale[p], 'y') > 0
  unset logscale
  set xtics autofreq; set ytics autofreq
  set format x (x_is_log && x_to[p] / x_from[p] > 10000 ? (latex ? '$10^{%T}$' : '10^{%T}') : '%g')
  set format y (y_is_log && y_to[p] / y_from[p] > 300 ? (latex ? '$10^{%T}$' : '10^{%T}') : '%g')
  set mxtics default; set mytics default
  if (x_is_log) {
    ratio = x_to[p] / x_from[p]
    set logscale x (x_from[p] >= 1 && ratio <= 10000 ? 2 : 10)  # counts double
    if (x_from[p] < 1 && ratio <= 300) {
      set xtics ()
      do for [k = int(floor(log10(x_from[p]))) - 1 : int(ceil(log10(x_to[p])))] {
        do for [m in marks(ratio)] { set xtics add (sprintf('%g', m * 10.0**k) m * 10.0**k) }
      }
    }
    if (ratio == 1) { set xtics (sprintf('%g', x_from[p]) x_from[p]) }
    set xrange [x_from[p] / 1.15 : x_to[p] * 1.15] noextend
  } else {
    room = (x_to[p] > x_from[p] ? x_to[p] - x_from[p] : 1) * 0.02
    set xrange [x_from[p] - room : x_to[p] + room] noextend
  }
  if (y_is_log) {
    ratio = y_to[p] / y_from[p]
    set logscale y 10
    set yrange [y_from[p] / (ratio > 4 ? 1.25 : 1.06) : y_to[p] * (ratio > 4 ? 1.25 : 1.06)] noextend
    if (ratio <= 300) {
      set ytics ()
      do for [k = int(floor(log10(y_from[p]))) - 1 : int(ceil(log10(y_to[p])))] {
        do for [m in marks(ratio)] { set ytics add (sprintf('%g', m * 10.0**k) m * 10.0**k) }
      }
    }
  } else {
    room = (y_to[p] > y_from[p] ? y_to[p] - y_from[p] : abs(y_to[p]) > 0 ? abs(y_to[p]) : 1) * 0.06
    set yrange [y_from[p] - room : y_to[p] + room] noextend
  }
  set xlabel typeset(panel_x[p])
  set ylabel typeset(panel_y[p])
  command = ''
  do for [s = first_series[p] : last_series[p]] { command = command.(strlen(command) > 0 ? ', ' : '').element(s) }
  eval 'plot '.command
}
unset multiplot
unset output
