# What a limit was taken of, as text: `setting` is the law of the eigenvalues, `batch_text` the batch size. Loaded by the
# scripts of limits once they know spectrum, parameter and batch.

italic(letter) = latex ? '$'.letter.'$' : '{/:Italic '.letter.'}'
fraction(top, bottom) = latex ? '$'.top.'/'.bottom.'$' : italic(top).'/'.italic(bottom)
dash = latex ? '--' : '–'
setting = \
  spectrum eq 'marchenko-pastur' ? 'Marchenko'.dash.'Pastur, '.fraction('d', 'n').gap.'= '.sprintf('%.3g', real(parameter)) : \
  spectrum eq 'power-law' ? (latex ? sprintf('$\lambda_j = j^{-%s}$', parameter) : \
                             '{/:Italic λ}_{/:Italic j} = {/:Italic j}^{ −'.parameter.'}') : \
  spectrum eq 'point-mass' ? 'equal eigenvalues' : escape(spectrum)
batch_label = spectrum eq 'power-law' ? italic('B') : fraction('B', 'd')
batch_text = ', '.batch_label.gap.'= '.sprintf('%.3g', batch)
