#pragma once
// The probes of a training run, made from its configuration.

#include <algorithm>
#include <memory>
#include <vector>

#include "brink/curvature/curvature_probes.hpp"
#include "train_job.hpp"

namespace brink::cli {

/// What the configuration wants to have measured: at the step size, batch size and rule with which the run begins.
[[nodiscard]] inline CurvatureProbeSettings probe_settings(const TrainJob& job, int threads) {
  CurvatureProbeSettings settings;
  settings.names = job.training.probes;
  if (settings.names.empty()) return settings;
  const TrainingPlan& plan = job.plan;
  const bool reshuffled = plan.batch.sampling == "reshuffled";
  settings.batches.law = make_batch_law(reshuffled ? "without-replacement" : plan.batch.sampling);
  settings.batches.batch_size = plan.batch.size;
  settings.batches.relative_error = job.training.probe_error;
  settings.batches.max_batches = job.training.probe_batches;
  settings.batches.seed = plan.seed;
  settings.batches.threads = threads;
  const auto filters = update_rule_names();
  if (std::find(filters.begin(), filters.end(), plan.rule) != filters.end())
    settings.rule = make_update_rule(plan.rule, plan.parameters);
  settings.eta = plan.eta;
  settings.reference = job.reference;
  return settings;
}

/// One probe a column; all columns of a point are measured at once.
template <class Real>
std::vector<Probe<Real>> probes_of(const Objective<Real>& objective, const CurvatureProbeSettings& settings) {
  struct Latest {
    Index step = -1;
    std::vector<double> values;
  };
  const auto all = std::make_shared<const CurvatureProbes<Real>>(objective, settings);
  const auto latest = std::make_shared<Latest>();
  std::vector<Probe<Real>> probes;
  for (std::size_t i = 0; i < all->columns().size(); ++i) {
    probes.push_back({all->columns()[i], [all, latest, i](Index step, const RuleState<Real>& state) {
                        if (latest->step != step) *latest = {step, all->measure(step, state.theta, &state.buffers)};
                        return latest->values[i];
                      }});
  }
  return probes;
}

}  // namespace brink::cli
