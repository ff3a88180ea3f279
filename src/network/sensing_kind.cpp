// Matrix sensing: a low-rank matrix seen through linear measurements, as a problem to train.

#include <fmt/format.h>

#include <cmath>

#include "brink/base/memory.hpp"
#include "brink/sampling/epoch.hpp"
#include "brink/sampling/philox.hpp"
#include "builtin_kinds.hpp"
#include "network_problem.hpp"

namespace brink {
namespace {

// The step numbers of the Purpose::model streams of this kind.
constexpr std::uint32_t kTruth = 0x7365'6e01;
constexpr std::uint32_t kMeasurements = 0x7365'6e02;

struct SensingOptions {
  std::int64_t rows = 8;
  std::int64_t columns = 8;
  std::int64_t rank = 4;
  std::int64_t true_rank = 2;
  bool symmetric = false;
  std::string measurements = "gaussian";
  std::int64_t samples = 24;
  double noise = 0;
  double initial_scale = 1;
  std::string parameters;
  double rows_memory = kRowsMemory;
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("rows", self.rows, "of the matrix X that is sought", "an integer >= 1");
    field("columns", self.columns, "of the matrix; symmetric: as many as rows", "an integer >= 1");
    field("rank", self.rank, "of the model X = U V', or U U' where symmetric", "an integer >= 1");
    field("true_rank", self.true_rank,
          "of the matrix that made the targets: Gaussian factors, entries of mean square 1",
          "an integer >= 1, at most rows and columns");
    field("symmetric", self.symmetric, "X = U U'", "true or false");
    field("measurements", self.measurements,
          "<M, X> with M of independent N(0, 1) entries over sqrt(rows columns), or single entries of X, drawn without "
          "repetition (completion; factorization when all are seen)",
          "\"gaussian\" or \"entries\"");
    field("samples", self.samples, "n, the number of measurements",
          "an integer >= 1; entries: at most rows times columns");
    field("noise", self.noise, "standard deviation of Gaussian noise on the targets", "a finite number >= 0");
    field("initial_scale", self.initial_scale, "the factors start uniform as in PyTorch, times this",
          "a finite number");
    field("parameters", self.parameters, "start from these instead, (p,), .npy; empty: the initialization",
          "the name of a .npy file");
    field("rows_memory", self.rows_memory, kRowsMemoryHelp, "a number >= 0");
    field("seed", self.seed, "seed of every random choice of the model", "an integer >= 0");
  }
};

void check_options(const SensingOptions& options) {
  const auto require = [](bool good, const char* name, auto value, const std::string& allowed) {
    check_argument(good, "model", name, value, allowed);
  };
  require(options.rows >= 1, "rows", options.rows, "an integer >= 1");
  require(options.columns >= 1 && (!options.symmetric || options.columns == options.rows), "columns", options.columns,
          "an integer >= 1, equal to rows where symmetric");
  require(options.rank >= 1, "rank", options.rank, "an integer >= 1");
  require(options.true_rank >= 1 && options.true_rank <= std::min(options.rows, options.columns), "true_rank",
          options.true_rank, "an integer >= 1, at most rows and columns");
  const bool entries = options.measurements == "entries";
  require(entries || options.measurements == "gaussian", "measurements", options.measurements,
          "\"gaussian\" or \"entries\"");
  require(options.samples >= 1 && (!entries || options.samples <= options.rows * options.columns), "samples",
          options.samples, "an integer >= 1; of entries at most rows times columns");
  require(options.noise >= 0 && std::isfinite(options.noise), "noise", options.noise, "a finite number >= 0");
}

/// Rows × columns, rank true_rank, entries of mean square 1.
RowMatrix true_matrix(const SensingOptions& options) {
  const auto factor = [&](Index size, std::uint32_t which) {
    RowMatrix result(size, options.true_rank);
    Philox random(options.seed, Purpose::model, which, kTruth);
    for (Index i = 0; i < result.size(); ++i) result.data()[i] = random.normal();
    return result;
  };
  const RowMatrix left = factor(options.rows, 0);
  const RowMatrix right = options.symmetric ? left : factor(options.columns, 1);
  return left * right.transpose() / std::sqrt(static_cast<double>(options.true_rank));
}

/// One measurement a row, M row by row.
RowMatrix measurement_rows(const SensingOptions& options) {
  const Index size = options.rows * options.columns;
  RowMatrix inputs = RowMatrix::Zero(options.samples, size);
  Philox random(options.seed, Purpose::model, 0, kMeasurements);
  if (options.measurements == "gaussian") {
    const double scale = 1 / std::sqrt(static_cast<double>(size));
    for (Index i = 0; i < inputs.size(); ++i) inputs.data()[i] = scale * random.normal();
    return inputs;
  }
  std::vector<std::uint32_t> order(static_cast<std::size_t>(size));
  shuffle(size, options.samples, random, order.data());
  for (Index k = 0; k < options.samples; ++k) inputs(k, order[static_cast<std::size_t>(k)]) = 1;
  return inputs;
}

TrainableProblem load_sensing(const OptionTable& table, const std::filesystem::path& directory) {
  SensingOptions options;
  read_options("model", table, options);
  check_options(options);
  require_memory(24.0 * static_cast<double>(options.samples) * static_cast<double>(options.rows * options.columns),
                 "model: matrix-sensing");
  Network network = options.symmetric ? symmetric_sensing(options.rows, options.rank)
                                      : matrix_sensing(options.rows, options.columns, options.rank);
  SupervisedData data;
  data.inputs = measurement_rows(options);
  const RowMatrix truth = true_matrix(options);
  data.targets = data.inputs * Eigen::Map<const Vector>(truth.data(), truth.size());
  Philox random(options.seed, Purpose::model, 1, kMeasurements);
  for (Index k = 0; k < options.samples; ++k) data.targets(k, 0) += options.noise * random.normal();
  data.notes.push_back(fmt::format("{} {} of a {} x {} matrix of rank {}", options.samples,
                                   options.measurements == "entries" ? "entries" : "Gaussian measurements",
                                   options.rows, options.columns, options.true_rank));
  Vector start = options.parameters.empty()
                     ? initial_parameters(network, "default", options.initial_scale, options.seed)
                     : read_parameters(directory / options.parameters, network.parameters, "model", "parameters");
  TrainableProblem problem =
      network_problem(std::move(network), std::move(data), LossKind::half_square, std::move(start));
  problem.resolved = write_options(options);
  return problem;
}

}  // namespace

TrainableKind trainable_sensing_kind() {
  return {"matrix-sensing", "A low-rank matrix X = U V' seen through linear measurements <M, X>.",
          describe_options<SensingOptions>(), load_sensing};
}

}  // namespace brink
