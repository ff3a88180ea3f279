#include "analysis/shuffled_epochs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "analysis/label_noise.hpp"
#include "analysis/models.hpp"
#include "analysis/unit_columns.hpp"
#include "brink/curvature/hessian.hpp"
#include "brink/network/models.hpp"
#include "brink/statistics/regression.hpp"

namespace brink::analysis {
namespace {

constexpr std::size_t kShuffled = 4;      // m
constexpr Index kShuffledSize = 2;        // samples in a batch
constexpr int kShuffledSteps = 7;         // a decade and a half of step sizes
constexpr double kLargestShuffled = 0.1;  // mε·max_k λ_max(H_k) at the start
enum ShuffleColumn : std::size_t { sStep, sModified, sPlain, sSingle, sLeading, sIntegration, kShuffleColumns };

}  // namespace

std::vector<double> shuffled_epochs(std::uint64_t seed) {
  constexpr Index samples = kShuffledSize * static_cast<Index>(kShuffled);
  Task task;
  task.network = fully_connected({2, 4, 1}, "tanh", true);
  task.inputs = normal_numbers(seed, 0, 2 * samples).reshaped<Eigen::RowMajor>(samples, 2);
  task.targets = normal_numbers(seed, 1, samples);
  const auto objective = task.precise();
  const Vector start = normal_numbers(seed, 2, objective->parameters());
  std::vector<std::uint32_t> order(static_cast<std::size_t>(samples));
  std::iota(order.begin(), order.end(), 0U);
  std::vector<Batch> batches;
  double largest = 0;
  for (std::size_t k = 0; k < kShuffled; ++k) {
    batches.push_back({std::span<const std::uint32_t>(order).subspan(k * kShuffledSize, kShuffledSize), kShuffledSize});
    largest = std::max(largest, top_curvature(*objective, start, batches.back()).values[0].value);
  }
  const auto m = static_cast<double>(kShuffled);
  Vector part(start.size()), product(start.size()), push(start.size());
  const auto push_at = [&](const Vector& theta) {  // Σ_k H_k ∇C_k
    push.setZero();
    for (const Batch& batch : batches) {
      objective->gradient(theta, batch, part);
      objective->hessian_product(theta, batch, part, product);
      push += product;
    }
  };
  std::vector<double> values;
  for (int j = 0; j < kShuffledSteps; ++j) {
    const double eps = kLargestShuffled / (m * largest) * std::pow(10.0, -j / 4.0);
    std::array<std::size_t, kShuffled> shuffle = {0, 1, 2, 3};
    Vector single, mean = Vector::Zero(start.size());
    double orders = 0;
    do {
      Vector theta = start;
      for (const std::size_t k : shuffle) {
        objective->gradient(theta, batches[k], part);
        theta -= eps * part;
      }
      if (orders == 0) single = theta;
      mean += theta;
      ++orders;
    } while (std::next_permutation(shuffle.begin(), shuffle.end()));
    mean /= orders;
    const GradientAt<double> plain_at = [&](const Vector& theta, Vector& out) {
      return objective->gradient(theta, objective->all(), out);
    };
    const GradientAt<double> modified_at = [&](const Vector& theta, Vector& out) {
      push_at(theta);
      const double loss = objective->gradient(theta, objective->all(), out);
      out += eps / (2 * m) * push;
      return loss;
    };
    const Vector modified = flowed(modified_at, start, m * eps);
    const Vector in_halves = flowed(modified_at, flowed(modified_at, start, 0.5 * m * eps), 0.5 * m * eps);
    const double plain = (mean - flowed(plain_at, start, m * eps)).norm();
    const double distance = (mean - modified).norm();
    push_at(start);
    for (const double value : {eps * m * largest, distance, plain, (single - modified).norm(),
                               plain / (0.5 * eps * eps * push.norm()), (modified - in_halves).norm() / distance})
      values.push_back(value);
  }
  return values;
}

CurvePanel report_shuffles(const std::vector<std::vector<double>>& units, StudyReport& report) {
  Table table({{"seed"}, {"m_eps_lambda"}, {"modified"}, {"plain"}, {"single"}, {"leading"}, {"integration"}});
  std::array<std::vector<double>, kShuffleColumns> found;
  for (std::size_t s = 0; s < units.size(); ++s) {
    const auto& v = units[s];
    for (const std::size_t column : {sModified, sPlain, sSingle})
      found[column].push_back(
          fit_power_law(unit_column(v, sStep, kShuffleColumns), unit_column(v, column, kShuffleColumns)).slope.value);
    found[sLeading].push_back(unit_column(v, sLeading, kShuffleColumns).back());
    for (const double each : unit_column(v, sIntegration, kShuffleColumns)) found[sIntegration].push_back(each);
    for (std::size_t i = 0; i < v.size(); i += kShuffleColumns)
      table.add_row({static_cast<std::int64_t>(s), v[i], v[i + 1], v[i + 2], v[i + 3], v[i + 4], v[i + 5]});
  }
  report.tables.emplace_back("epochs", std::move(table));
  auto& findings = report.findings;
  findings.push_back(
      judge_equal({"F4", "slope: mean over orders from the modified flow", "3"}, found[sModified], 3, 0.2));
  findings.push_back(judge_equal({"F4", "slope: mean over orders from the plain flow", "2"}, found[sPlain], 2, 0.2));
  findings.push_back(judge_equal({"F4", "slope: one order from the modified flow"}, found[sSingle], 2, 0.2));
  findings.push_back(
      judge_equal({"F4", "distance from the plain flow over ε²/2·‖Σ H_k∇C_k‖, smallest ε"}, found[sLeading], 1, 0.05));
  findings.push_back(judge_exact({"F4", "error of the integration over the distance from the modified flow"},
                                 found[sIntegration], 0.01));

  CurvePanel panel{"one epoch, mean over orders: distance from the flow", "mελ", "distance of θ", true, true, {}};
  const std::pair<std::size_t, const char*> curves[] = {
      {sSingle, "modified, one order"}, {sPlain, "plain loss"}, {sModified, "modified loss"}};
  for (const auto& [column, label] : curves) {
    Curve curve{label, CurveKind::joined, static_cast<int>(panel.curves.size()) + 1, {}};
    for (std::size_t i = 0; i < units[0].size(); i += kShuffleColumns)
      curve.points.push_back({units[0][i], units[0][i + column]});
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

}  // namespace brink::analysis
