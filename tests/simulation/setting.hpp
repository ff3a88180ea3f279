#pragma once
// The dynamics that tests of the simulation run.

#include "brink/simulation/growth.hpp"
#include "oracle/examples.hpp"

namespace simulation_test {

inline brink::Dynamics dynamics(const oracle::Rule& rule, std::string_view law, brink::Index batch_size, double eta,
                                std::uint64_t seed = 1) {
  return {rule.make(), brink::make_batch_law(law), batch_size, eta, seed};
}

inline brink::SimulationOptions options(brink::Index replicas, brink::Index steps, brink::Index burn_in,
                                        double moment = 2, int threads = 1) {
  return {replicas, steps, burn_in, moment, threads};
}

/// How many standard errors the estimate is off.
inline double score(const brink::GrowthEstimate& estimate, double exact) {
  return (estimate.log_growth.value - exact) / estimate.log_growth.error;
}

/// One sample each of curvature 1 and 2 on a line.
inline brink::LinearizedModel one_and_two() {
  brink::RowMatrix rows(2, 1);
  rows << 1, std::sqrt(2.0);
  return brink::LinearizedModel::from_rows(rows, 1, 2.3e-16);
}

// Λ(q) of SGD with batch size 1 on rows (1,0), (1,1), (0,2) at η = 0.65.
inline constexpr double kEta = 0.65;
inline constexpr double kSecondMoment = 0.232287737857;
inline constexpr double kFourthMoment = 0.927214009454;

}  // namespace simulation_test
