#include "loss_points.hpp"

namespace brink {

std::vector<LossPoint> loss_points(const LimitLoss& loss) {
  const auto& simulated = loss.simulated;
  std::vector<Index> steps = recorded_steps(loss.options.steps, 60);
  if (simulated) {
    steps.clear();
    for (const auto& record : simulated->statistics) steps.push_back(record.step);
  }
  std::vector<LossPoint> points;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto t = static_cast<std::size_t>(steps[i]);
    LossPoint point{steps[i], loss.curve.loss[t], loss.curve.forcing[t], {}, nullptr, {}};
    if (simulated) {
      if (simulated->exact) point.exact = simulated->exact->loss[t];
      point.statistics = &simulated->statistics[i];
      if (i > 0) point.z = simulated->z[i - 1];
    }
    points.push_back(point);
  }
  return points;
}

}  // namespace brink
