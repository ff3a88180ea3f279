// The kernels that the program makes OpenBLAS take.

#include <catch2/catch.hpp>

#include "configurations.hpp"
#include "program.hpp"

using program::Scratch;

namespace {

/// What provenance.json says of OpenBLAS after a run with this environment.
std::string blas_under(const std::string& environment) {
  const Scratch scratch;
  scratch.write_small_arrays();
  scratch.write("small.toml", program::kVerify);
  REQUIRE(program::run_under("env " + environment, "verify small.toml --quiet", scratch.path()).exit_code == 0);
  return nlohmann::json::parse(scratch.read("runs/small/provenance.json")).at("blas").get<std::string>();
}

}  // namespace

TEST_CASE("a processor that OpenBLAS does not know does not get its oldest kernels", "[cli]") {
#ifdef __x86_64__
  __builtin_cpu_init();
  const std::string blas = blas_under("-u OPENBLAS_CORETYPE");
  CAPTURE(blas);
  if (blas.find("DYNAMIC_ARCH") == std::string::npos) return;  // has no others
  const bool oldest = blas.find("running as Prescott") != std::string::npos;
  CHECK(oldest == !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
#endif
}

TEST_CASE("the kernels that the user chose are taken", "[cli]") {
  const std::string blas = blas_under("OPENBLAS_CORETYPE=Prescott");
  CAPTURE(blas);
  if (blas.find("DYNAMIC_ARCH") != std::string::npos) CHECK(blas.find("running as Prescott") != std::string::npos);
}
