# The style every figure shares: terminal, size, fonts, colours, axes. Loaded by the other scripts, which set `stem`.
#
# Variables, all with defaults, e.g.  gnuplot -e "terminal='svg'; width=178" thresholds.gp
#   terminal   pdf | svg | png | epslatex | cairolatex | tikz
#   output     file to write
#   width      mm: 85 is one column of a paper, 178 is two
#   height     mm
#   font       family, for the terminals that do not leave the fonts to LaTeX
#   fontsize   pt
#   heading    text above the legend; heading='' leaves it out

if (!exists("terminal")) terminal = 'pdf'
if (!exists("width")) width = 85
if (!exists("height")) height = width <= 110 ? 0.82 * width : 0.52 * width
if (!exists("font")) font = 'Liberation Serif'
if (!exists("fontsize")) fontsize = 8

latex = terminal eq 'epslatex' || terminal eq 'cairolatex' || terminal eq 'tikz'
if (!exists("output")) output = latex ? sprintf('%s-%s.tex', stem, terminal) : sprintf('%s.%s', stem, terminal)

cm(mm) = mm / 10.0
pixels(mm, dpi) = int(mm / 25.4 * dpi + 0.5)
face = sprintf('%s,%g', font, fontsize)
latex_size = sprintf('\fontsize{%g}{%g}\selectfont', fontsize, 1.2 * fontsize)
if (terminal eq 'pdf') {
  set terminal pdfcairo enhanced color size cm(width) cm, cm(height) cm font face fontscale 0.75 linewidth 1 \
      dashlength 0.9
}
if (terminal eq 'svg') {
  set terminal svg enhanced size pixels(width, 96), pixels(height, 96) font face fontscale 96.0 / 72 linewidth 0.8 \
      dashlength 0.9
}
if (terminal eq 'png') {
  set terminal pngcairo enhanced color size pixels(width, 300), pixels(height, 300) font face \
      fontscale 300.0 / 96 linewidth 2 pointscale 2.8 dashlength 0.9
}
if (terminal eq 'epslatex') {
  set terminal epslatex color size cm(width) cm, cm(height) cm header latex_size linewidth 1.2
}
if (terminal eq 'cairolatex') {
  set terminal cairolatex pdf color size cm(width) cm, cm(height) cm header latex_size fontscale 0.6 linewidth 1 \
      dashlength 0.9
}
if (terminal eq 'tikz') {
  # This terminal takes no expressions for its size.
  eval sprintf("set terminal tikz color size %gcm,%gcm font '\\fontsize{%g}{%g}\\selectfont'", \
      cm(width), cm(height), fontsize, 1.2 * fontsize)
}
set output output
set encoding utf8

# Okabe and Ito's palette: distinct under every common colour blindness; the markers differ too.
array color[7]
color[1] = '#0072B2'; color[2] = '#D55E00'; color[3] = '#009E73'; color[4] = '#CC79A7'
color[5] = '#E69F00'; color[6] = '#56B4E9'; color[7] = '#000000'
array marker[7]
marker[1] = 7; marker[2] = 5; marker[3] = 9; marker[4] = 13; marker[5] = 11; marker[6] = 15; marker[7] = 3
paint(i) = color[(i - 1) % 7 + 1]
shape(i) = marker[(i - 1) % 7 + 1]
grey = '#555555'
dot = terminal eq 'tikz' ? 1.2 : 0.5

# Mathematics, for LaTeX and for gnuplot's own text. Some SVG viewers strip the blank before or after an italic letter: a
# zero-width space (U+200B) on either side of it keeps it.
gap = terminal eq 'svg' ? "\342\200\213 \342\200\213" : ' '
beta = latex ? '$\beta$' : '{/:Italic β}'
eta = latex ? '$\eta$' : '{/:Italic η}'
batch_size = latex ? '$B$' : '{/:Italic B}'
momentum_label(value) = latex ? sprintf('$\beta = %g$', value) : \
  beta.gap.'= '.(value < 0 ? '−' : '').sprintf('%g', abs(value))
percent = latex ? '\%' : '%'
formula(text, tex) = latex ? '$'.tex.'$' : text

# Formulas by rule, as gnuplot's own text and as LaTeX: the noise-free edge of ηλ (numerator and divisor) and the value of
# η times the batch sharpness where noise dominates. A rule without a formula here, or Nesterov with β < −1/3, whose edge
# is another, has none.
is_one_of(rule, list) = strlen(rule) > 0 && strstrt(' '.list.' ', ' '.rule.' ') > 0
has_formula(rule) = is_one_of(rule, 'sgd heavy-ball nesterov dampened ema qhm') && \
  !(rule eq 'nesterov' && momentum[1] < -1.0 / 3)
numerator(rule) = rule eq 'sgd' ? '2' : latex ? '2(1+\beta)' : '2(1+'.beta.')'
divisor(rule) = rule eq 'nesterov' ? (latex ? '(1+2\beta)' : '(1+2'.beta.')') : \
  rule eq 'dampened' ? (latex ? '(1-\tau)' : '(1−{/:Italic τ})') : \
  rule eq 'ema' ? (latex ? '(1-\beta)' : '(1−'.beta.')') : \
  rule eq 'qhm' ? (latex ? '(1+\beta(1-2\nu))' : '(1+'.beta.'(1−2{/:Italic ν}))') : ''
curvature = latex ? '\lambda_{\max}' : '{/:Italic λ}_{max}'
decayed_curvature = latex ? '(\lambda_{\max}+\kappa)' : '('.curvature.'+{/:Italic κ})'
math(text) = latex ? '$'.text.'$' : text
over(top, bottom) = bottom eq '' ? top : top.'/'.bottom
edge_label(rule, decay) = !has_formula(rule) ? 'noise-free edge' : math(numerator(rule).'/'. \
  (divisor(rule) eq '' ? '' : '[').divisor(rule).(divisor(rule) eq '' || latex ? '' : gap). \
  (decay > 0 ? decayed_curvature : curvature).(divisor(rule) eq '' ? '' : ']'))
full_batch_label(rule) = !has_formula(rule) ? 'full-batch level' : math(over(numerator(rule), divisor(rule)))
noise_label(rule) = is_one_of(rule, 'sgd ema qhm') ? math('2') : \
  is_one_of(rule, 'heavy-ball nesterov') ? math(latex ? '2(1-\beta)' : '2(1−'.beta.')') : \
  rule eq 'dampened' ? math(over(latex ? '2(1-\beta)' : '2(1−'.beta.')', divisor(rule))) : 'noise-dominated level'

rule_name(rule) = \
  rule eq 'sgd' ? 'SGD' : \
  rule eq 'heavy-ball' ? 'heavy ball' : \
  rule eq 'nesterov' ? 'Nesterov' : \
  rule eq 'dampened' ? 'dampened momentum' : \
  rule eq 'ema' ? 'EMA momentum' : \
  rule eq 'qhm' ? 'QHM' : rule
sampling_name(sampling) = \
  sampling eq 'without-replacement' ? 'without replacement' : \
  sampling eq 'with-replacement' ? 'with replacement' : \
  sampling eq 'bernoulli' ? 'Bernoulli sampling' : \
  sampling eq 'gaussian' ? 'fresh Gaussian rows' : sampling

# CSV with a header line; an empty field is a missing value.
set datafile separator comma
set datafile columnheaders
has(name) = strlen(strcol(name)) > 0

# Lists of the series (1, 2, …) that hold values of a column, for plots of what is there: gnuplot warns of a plot of
# nothing. with_series('', 2) is ' 2 '; number(list, k) is the k-th series of a list (1 past its end, where
# gnuplot looks at a loop that it does not run).
with_series(list, i) = strstrt(list, sprintf(' %d ', i)) > 0 ? list : list.sprintf(' %d ', i)
number(list, k) = k > words(list) ? 1 : int(word(list, k))

# The range of the data and the momentum of every series, gathered by `stats` with these functions.
x_low = 1e300; x_high = -1e300; y_low = 1e300; y_high = -1e300; count = 0; rule = ''; sampling = ''; decay = 0
array momentum[100]
see_x(v) = (x_low = v < x_low ? v : x_low, x_high = v > x_high ? v : x_high, v)
see_y(v) = (y_low = v < y_low ? v : y_low, y_high = v > y_high ? v : y_high, v)
see_series(i, v) = (count = i > count ? i : count, momentum[i] = v)

# Borders and tics. Margins and legend are placed in millimetres, so that they are the same on every terminal.
set border 15 linewidth 0.6 linecolor rgb '#000000'
set tics scale 0.7, 0.4
set xtics nomirror
set ytics nomirror
unset key
log2(v) = log(v) / log(2)
across(mm) = mm * fontsize / 8.0 / width
above(mm) = mm * fontsize / 8.0 / height
left_margin = 14.5
set lmargin at screen across(left_margin)
set rmargin at screen 1 - across(2.5)
set bmargin at screen above(9.5)
set xlabel offset 0, 0.4
set ylabel offset 0.3, 0

# The legend stands above the picture: row 0 is the heading, entries are `at` mm from the left end of the axis.
row(n) = 1 - above(2.5 + 4.0 * n)
column_at(at) = across(left_margin + at)
after_sample(at) = across(left_margin + at + 7)

# A name as it stands, whatever the terminal makes of underscores.
escape(s) = strlen(s) == 0 ? '' : (s[1 : 1] eq '_' ? '\_' : s[1 : 1]).escape(s[2 : ])
