// The second-moment product beside this machine's DGEMM. Both products of SampleProducts are symmetric: they do n·r²
// floating-point operations (half of the 2·n·r² of a general product), and the rate counts only those.

#include <benchmark/benchmark.h>
#include <cblas.h>

#include "brink/base/parallel.hpp"
#include "brink/linalg/matrix.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/sampling/philox.hpp"
#include "brink/stability/sample_products.hpp"

namespace {

using brink::Index;
using brink::Matrix;
using brink::RowMatrix;

constexpr double kGiga = 1e-9;

RowMatrix gaussian_rows(Index samples, Index rank) {
  brink::Philox random(1, brink::Purpose::model, 0, 0);
  RowMatrix rows(samples, rank);
  for (Index k = 0; k < samples; ++k) {
    for (Index i = 0; i < rank; ++i) rows(k, i) = random.normal();
  }
  return rows;
}

brink::LinearizedModel gaussian_model(Index samples, Index rank) {
  return brink::LinearizedModel::from_rows(gaussian_rows(samples, rank), 1, 2.3e-16);
}

void report_rate(benchmark::State& state, double operations) {
  state.counters["GF/s"] = benchmark::Counter(kGiga * operations, benchmark::Counter::kIsIterationInvariantRate);
}

void gather(benchmark::State& state) {
  const Index samples = state.range(0), rank = state.range(1);
  const auto model = gaussian_model(samples, rank);
  const brink::SampleProducts products(model);
  const Matrix x = Matrix::Identity(rank, rank);
  RowMatrix q(samples, 1);
  for (auto _ : state) {
    products.gather(x, q);
    benchmark::DoNotOptimize(q.data());
  }
  report_rate(state, static_cast<double>(samples * rank * rank));
}

void spread(benchmark::State& state) {
  const Index samples = state.range(0), rank = state.range(1);
  const auto model = gaussian_model(samples, rank);
  const brink::SampleProducts products(model);
  const RowMatrix q = RowMatrix::Ones(samples, 1);
  Matrix y(rank, rank);
  for (auto _ : state) {
    products.spread(q, y);
    benchmark::DoNotOptimize(y.data());
  }
  report_rate(state, static_cast<double>(samples * rank * rank));
}

/// The general product of the same shape, G X.
void dgemm(benchmark::State& state) {
  const Index samples = state.range(0), rank = state.range(1);
  const RowMatrix rows = gaussian_rows(samples, rank), x = gaussian_rows(rank, rank);
  RowMatrix product(samples, rank);
  const int n = static_cast<int>(samples), r = static_cast<int>(rank);
  for (auto _ : state) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, r, r, 1.0, rows.data(), r, x.data(), r, 0.0,
                product.data(), r);
    benchmark::DoNotOptimize(product.data());
  }
  report_rate(state, 2.0 * static_cast<double>(samples * rank * rank));
}

void sizes(benchmark::internal::Benchmark* registered) {
  registered->Args({400, 200})->Args({1000, 500})->Args({2000, 1000})->Unit(benchmark::kMillisecond);
}

BENCHMARK(dgemm)->Apply(sizes);
BENCHMARK(gather)->Apply(sizes);
BENCHMARK(spread)->Apply(sizes);

}  // namespace

int main(int argc, char** argv) {
  brink::use_single_threaded_blas();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
