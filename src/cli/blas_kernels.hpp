#pragma once

namespace brink::cli {

/// OpenBLAS chooses its kernels while it is loaded, by the model of the processor, and takes its oldest ones for a
/// model it does not know: the version of Debian 12 is three times slower than it could be on servers since 2023. Where
/// that has happened, starts the program again in its place with OPENBLAS_CORETYPE, which OpenBLAS reads then, at the
/// kernels that the instructions of the processor allow. Does nothing where that variable is set already.
void choose_blas_kernels(char** argv);

}  // namespace brink::cli
