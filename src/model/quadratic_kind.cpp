#include <limits>

#include "brink/base/memory.hpp"
#include "brink/model/array_problems.hpp"
#include "brink/model/quadratic_ensemble.hpp"
#include "kinds.hpp"

namespace brink {
namespace {

struct QuadraticOptions {
  std::vector<double> spectrum;
  std::int64_t dimension = 100;
  double exponent = 1;
  std::string rows = "gaussian";
  double degrees_of_freedom = 5;
  std::int64_t samples = 256;
  std::int64_t outputs = 1;
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("spectrum", self.spectrum, "eigenvalues of the population Hessian; empty: a power law",
          "numbers > 0, or an empty list");
    field("dimension", self.dimension, "number of eigenvalues of the power law", "an integer >= 1");
    field("exponent", self.exponent, "a in the power law lambda_i = i^(-a)", "a finite number");
    field("rows", self.rows,
          "law of the sample rows: Gaussian, multivariate Student t (unit covariance), or fresh Gaussian rows at every "
          "step (the population itself; batch law \"gaussian\" only)",
          "\"gaussian\", \"student-t\" or \"fresh-gaussian\"");
    field("degrees_of_freedom", self.degrees_of_freedom, "tail index of \"student-t\"", "a finite number > 2");
    field("samples", self.samples, "n (not with \"fresh-gaussian\")", "an integer >= 1");
    field("outputs", self.outputs, "c, rows per sample, each of covariance H/c (not with \"fresh-gaussian\")",
          "an integer >= 1");
    field("seed", self.seed, "seed of the rows", "an integer >= 0");
  }
};

void refuse_given(const OptionTable& table, const std::vector<std::string>& keys, const std::string& why) {
  for (const auto& key : keys) {
    const auto given = table.find(key);
    if (given != table.end()) fail_argument("model", key, to_string(given->second), "no value: " + why);
  }
}

LoadedModel load_quadratic(const OptionTable& table, const std::filesystem::path& /*directory*/) {
  QuadraticOptions options;
  read_options("model", table, options);
  if (!options.spectrum.empty()) refuse_given(table, {"dimension", "exponent"}, "spectrum is given");
  if (options.rows != "student-t") refuse_given(table, {"degrees_of_freedom"}, "rows is not \"student-t\"");
  Vector spectrum = Eigen::Map<const Vector>(options.spectrum.data(), static_cast<Index>(options.spectrum.size()));
  if (options.spectrum.empty()) spectrum = power_law_spectrum(options.dimension, options.exponent);
  options.dimension = spectrum.size();
  const LinearizedModel population = LinearizedModel::from_spectrum(spectrum);  // refuses eigenvalues ≤ 0
  if (options.rows == "fresh-gaussian") {
    refuse_given(table, {"samples", "outputs"}, "rows is \"fresh-gaussian\"");
    return {population, nullptr, {}, write_options(options), {"fresh Gaussian rows: a population, no finite sample"}};
  }
  check_argument(options.samples >= 1, "model", "samples", options.samples, "an integer >= 1");
  check_argument(options.outputs >= 1, "model", "outputs", options.outputs, "an integer >= 1");
  const double rows = static_cast<double>(options.samples) * static_cast<double>(options.outputs);
  require_memory(
      8 * rows * static_cast<double>(spectrum.size()) + linearization_bytes(static_cast<Index>(rows), spectrum.size()),
      "model: quadratic");
  RowsData data;
  data.outputs = options.outputs;
  data.rows = quadratic_rows(population.spectrum(), options.samples, options.outputs, options.rows,
                             options.degrees_of_freedom, options.seed);
  LoadedModel loaded{linearize(data), nullptr, {}, write_options(options), {}};
  loaded.original = make_problem(std::move(data), loaded.model);
  return loaded;
}

}  // namespace

ModelKind quadratic_kind() {
  return {"quadratic", "Random quadratics with a given population spectrum: Gaussian or heavy-tailed sample rows.",
          describe_options<QuadraticOptions>(), load_quadratic};
}

}  // namespace brink
