#include "blas_kernels.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

extern "C" char* openblas_get_corename();

namespace brink::cli {
namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";
/// What OpenBLAS takes for a processor of 64 bits that it does not know.
constexpr std::string_view kFallback = "Prescott";

/// The best kernels that this processor can run, null where the fallback is as good.
const char* best_kernels() {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

}  // namespace

void choose_blas_kernels(char** argv) {
  if (std::getenv(kVariable) != nullptr || openblas_get_corename() != kFallback) return;
  const char* kernels = best_kernels();
  if (kernels == nullptr || setenv(kVariable, kernels, 0) != 0) return;
  execv("/proc/self/exe", argv);  // returns only where it failed, and then the slow kernels do
}

}  // namespace brink::cli
