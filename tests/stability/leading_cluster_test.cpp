// Nearly orthonormal rows: the leading eigenvalues of the transfer form lie as close together as one likes, and the
// symmetric blocks of several outputs are the unknowns.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/stability/closed_form.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/dense.hpp"
#include "oracle/examples.hpp"

using oracle::Example;
using oracle::Matrix;

namespace {

Example nearly_orthonormal(int samples, int outputs, double noise, std::uint64_t seed) {
  Example example = oracle::random_rows(samples, samples * outputs, outputs, seed);
  example.rows = Matrix::Identity(samples * outputs, samples * outputs) + noise * example.rows;
  return example;
}

/// η* of SGD at B = 1: 2/η* is the largest eigenvalue of the pencil mean H_k ⊗ H_k, ½ (H ⊗ I + I ⊗ H).
double dense_threshold(const Example& example) {
  const int d = example.dimension();
  const Matrix basis = oracle::symmetric_basis(d);
  Matrix second = Matrix::Zero(d * d, d * d);
  for (const Matrix& h : example.hessians()) second += oracle::kronecker(h, h) / example.samples();
  const Matrix mean = example.mean_hessian();
  const Matrix unit = Matrix::Identity(d, d);
  const Matrix first = 0.5 * (oracle::kronecker(mean, unit) + oracle::kronecker(unit, mean));
  return 2 /
         oracle::pencil_eigenvalues(basis.transpose() * second * basis, basis.transpose() * first * basis).maxCoeff();
}

brink::MeanSquareThreshold threshold_at_one(const Example& example) {
  return brink::mean_square_threshold(example.model(), *oracle::sgd().make(),
                                      *brink::make_batch_law("without-replacement"), 1);
}

void check_threshold(const Example& example) {
  const double expected = dense_threshold(example);
  const auto found = threshold_at_one(example);
  CHECK(found.residual < 1e-10);
  // The dense pencil is rounded too.
  CHECK(std::abs(std::log(found.eta / expected)) < found.residual + 3e-13);
  CHECK(found.warnings.empty());
}

}  // namespace

TEST_CASE("nearly orthonormal rows: the threshold is that of the dense pencil, within its error",
          "[fast][stability][oracle]") {
  for (const int outputs : {1, 2, 3})
    for (int power = -10; power <= 0; ++power)
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const double noise = std::pow(10.0, power);
        INFO("c = " << outputs << ", noise " << noise << ", seed " << seed);
        check_threshold(nearly_orthonormal(3, outputs, noise, seed));
      }
}

TEST_CASE("several outputs and more parameters than rows: both forms agree", "[fast][stability]") {
  const auto law = brink::make_batch_law("without-replacement");
  for (const int outputs : {2, 3})
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto model = oracle::random_rows(12, 100, outputs, seed).model();
      for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9)})
        for (const int batch_size : {1, 4}) {
          INFO("c = " << outputs << ", seed " << seed << ", " << cell.label() << ", B = " << batch_size);
          const auto found = brink::mean_square_threshold(model, *cell.make(), *law, batch_size);
          const auto closed = brink::closed_form_threshold(model, *cell.make(), *law, batch_size);
          CHECK(found.eta == Approx(closed.eta).epsilon(1e-10));
          CHECK(found.warnings.empty());
        }
    }
}

TEST_CASE("clusters in models searched in single precision", "[stability]") {
  for (const double noise : {1e-9, 1e-7, 1e-5, 1e-3, 1e-1}) {
    INFO("noise " << noise);
    const Example example = nearly_orthonormal(100, 2, noise, 1);
    const auto found = threshold_at_one(example);
    const auto closed = brink::closed_form_threshold(example.model(), *oracle::sgd().make(),
                                                     *brink::make_batch_law("without-replacement"), 1);
    CHECK(found.eta == Approx(closed.eta).epsilon(1e-10));
    CHECK(found.warnings.empty());
  }
}

TEST_CASE("a cluster that cannot be resolved has a positive mode", "[fast][stability]") {
  for (const double noise : {1e-13, 1e-12, 1e-11}) {
    INFO("noise " << noise);
    const auto found = threshold_at_one(nearly_orthonormal(3, 2, noise, 2));
    CHECK(oracle::symmetric_eigenvalues(found.critical_mode)[0] > -1e-2);
    CHECK(found.critical_mode.trace() == Approx(1).epsilon(1e-10));
  }
}
