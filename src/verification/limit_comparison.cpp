#include "brink/verification/limit_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/sampling/batch_law.hpp"
#include "brink/simulation/streaming.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink {
namespace {

constexpr Index kLargestDimension = 100000;

double limit_noise_of(const LimitSetting& setting, const SpectralLaw& law) {
  return limit_noise(law, setting.sampling, setting.batch);
}

/// The loss at the minimum of a model with one output a sample: ½ mean r_k², from b_k = r_k a_k.
double irreducible_loss(const LinearizedModel& model) {
  const Vector residuals =
      model.gradient_noise().rowwise().squaredNorm().cwiseQuotient(model.samples().rows.rowwise().squaredNorm());
  return 0.5 * residuals.mean();
}

}  // namespace

std::vector<Index> recorded_steps(Index last, Index records) {
  check_argument(last >= 1 && records >= 1, "recorded_steps", "last", last, "an integer >= 1, and records >= 1");
  std::vector<Index> steps = {0};
  for (Index i = 0; i <= records; ++i) {
    const double fraction = static_cast<double>(i) / static_cast<double>(records);
    const auto step = static_cast<Index>(std::llround(std::pow(static_cast<double>(last), fraction)));
    if (step > steps.back()) steps.push_back(step);
  }
  return steps;
}

FiniteSize finite_size(const LimitSetting& setting, Index dimension) {
  constexpr std::string_view function = "finite_size";
  check_argument(dimension >= 1 && dimension <= kLargestDimension, function, "dimension", dimension,
                 fmt::format("an integer in 1..{}", kLargestDimension));
  const auto law = make_spectral_law(setting.spectrum);
  FiniteSize size{dimension, 0, 1, setting};
  const auto d = static_cast<double>(dimension);
  if (law->samples_per_dimension() > 0) {
    size.samples = std::max<Index>(1, static_cast<Index>(std::llround(d * law->samples_per_dimension())));
    size.limit.spectrum.ratio = d / static_cast<double>(size.samples);
  }
  if (!law->proportional()) {
    check_argument(setting.batch == std::floor(setting.batch), function, "batch", setting.batch, "an integer >= 1");
    size.batch_size = static_cast<Index>(setting.batch);
    return size;
  }
  size.batch_size = static_cast<Index>(std::llround(d * setting.batch));
  check_argument(size.batch_size >= 1, function, "dimension", dimension,
                 fmt::format("at least {:.0f} for batches of one sample", std::ceil(0.5 / setting.batch)));
  if (setting.sampling != "gaussian") size.batch_size = std::min(size.batch_size, size.samples);
  size.limit.batch = static_cast<double>(size.batch_size) / d;
  return size;
}

DrawnThreshold drawn_threshold(const LimitSetting& setting, Index dimension, Index draws, std::uint64_t seed,
                               int threads, const Monitor& monitor) {
  check_argument(draws >= 1 && draws <= 1000000, "drawn_threshold", "draws", draws, "an integer in 1..1e6");
  DrawnThreshold result;
  result.size = finite_size(setting, dimension);
  const auto law = make_spectral_law(result.size.limit.spectrum);
  const auto rule = make_update_rule(setting.rule, setting.parameters);
  const auto batch_law = make_batch_law(setting.sampling);
  result.limit = limit_threshold(*law, *rule, limit_noise_of(result.size.limit, *law));
  result.draws = law->samples_per_dimension() > 0 ? draws : 1;
  Vector etas(result.draws), residuals(result.draws);
  parallel_for(result.draws, threads, [&](std::int64_t i) {
    monitor.check();
    LinearizedModel model = law->draw(dimension, seed + static_cast<std::uint64_t>(i));
    // Fresh rows know the spectrum alone, and a batch may hold more of them than the draw has samples.
    if (batch_law->fresh_gaussian_rows()) model = LinearizedModel::from_spectrum(model.spectrum());
    const auto threshold = mean_square_threshold(model, *rule, *batch_law, result.size.batch_size);
    etas[i] = threshold.eta;
    residuals[i] = threshold.residual;
  });
  result.eta = etas.mean();
  result.residual = residuals.maxCoeff();
  if (result.draws > 1) {
    const auto count = static_cast<double>(result.draws);
    result.standard_error = std::sqrt((etas.array() - result.eta).square().sum() / (count - 1) / count);
  }
  return result;
}

SimulatedLoss simulated_loss(const LimitSetting& setting, double eta, const LossSimulationOptions& options,
                             const Monitor& monitor) {
  SimulatedLoss result;
  result.size = finite_size(setting, options.dimension);
  result.replicas = options.replicas;
  const auto law = make_spectral_law(result.size.limit.spectrum);
  const std::shared_ptr<const UpdateRule> rule = make_update_rule(setting.rule, setting.parameters);
  result.limit = limit_loss_curve(*law, *rule, limit_noise_of(result.size.limit, *law), eta, options.curve);

  const bool fresh = setting.sampling == "gaussian";
  const bool noisy = options.curve.irreducible > 0;
  const LinearizedModel model = noisy && !fresh ? law->draw_with_label_noise(options.dimension, options.seed)
                                                : law->draw(options.dimension, options.seed);
  const Dynamics dynamics{rule, make_batch_law(setting.sampling), result.size.batch_size, eta, options.seed};
  LossStatisticsOptions simulation;
  simulation.replicas = options.replicas;
  simulation.steps = recorded_steps(options.curve.steps, options.records);
  simulation.threads = options.threads;
  std::unique_ptr<Engine> engine;
  if (fresh) {
    engine = make_streaming_engine(model.spectrum(), dynamics, 2 * options.curve.irreducible);
    result.exact = gaussian_loss_curve(model.spectrum(), *rule, result.size.batch_size, eta, options.curve);
  } else {
    engine = make_linear_engine(model, dynamics, noisy);
    if (noisy) simulation.start_loss = irreducible_loss(model) / options.curve.irreducible;
  }
  result.statistics = loss_statistics(*engine, model.spectrum(), simulation, monitor);
  for (auto& record : result.statistics) {
    for (double* value : {&record.mean, &record.standard_error, &record.median, &record.lower, &record.upper}) {
      *value /= simulation.start_loss;
    }
    if (record.step == 0) continue;
    const LossCurve& expected = result.exact ? *result.exact : result.limit;
    const double difference = record.mean - expected.loss[static_cast<std::size_t>(record.step)];
    result.z.push_back(record.standard_error > 0 ? difference / record.standard_error : 0);
  }
  return result;
}

}  // namespace brink
