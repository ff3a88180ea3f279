#pragma once
// Many replicas of one random dynamics, with weights ‖z‖^q, held so that nothing overflows or underflows at any
// horizon.
//
// Replica i is 2^{e_i} ẑ_i with ‖ẑ_i‖ near 1. Rescaling by powers of two is exact, so it changes no estimate. Replicas
// move in fixed blocks and sums are taken in a fixed order: results do not depend on the number of threads.

#include <cstdint>
#include <string_view>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/simulation/growth.hpp"

namespace brink {

class ReplicaEnsemble {
 public:
  /// Starts every replica. Throws InvalidInput for options out of range, with `function` as the name in the message.
  ReplicaEnsemble(std::string_view function, const Engine& engine, const Dynamics& dynamics,
                  const SimulationOptions& options, Index fewest_steps, const Monitor& monitor);

  [[nodiscard]] Index time() const { return time_; }  ///< steps made, burn-in included
  [[nodiscard]] Index end() const { return end_; }    ///< burn-in + steps

  /// Makes between 1 and `most` steps, as many as are safe between two rescalings and short enough to report progress.
  /// Appends ln(S_{t+1}/S_t), S_t = Σ_i ‖z_i‖^q, of each to `growth`.
  /// Throws NotConverged when every replica reached zero exactly, or when one step overflows.
  void advance(Index most, std::vector<double>& growth);

  /// The same without growth: norms are looked at only after the last step.
  void advance_unobserved(Index most);

  /// (Σ W)²/Σ W², W = ‖z‖^q: how many replicas of equal weight carry the total.
  [[nodiscard]] double effective_size() const;

  /// p_i = ‖z_i‖^q / Σ_j ‖z_j‖^q.
  [[nodiscard]] Vector shares() const;

  /// ln‖z_i‖; −∞ for a replica at zero.
  [[nodiscard]] Vector log_norms() const;

  /// Systematic resampling in proportion to ‖z‖^q; every replica then has unit norm, and growth goes on from there.
  void resample();

  /// Declares the present replicas the ancestors that effective_ancestors() counts.
  void mark_ancestors();

  /// 1/Σ_a p_a², p_a the share of all descendants of ancestor a.
  [[nodiscard]] double effective_ancestors() const;

 private:
  [[nodiscard]] Index blocks() const;
  [[nodiscard]] Index stretch(Index most) const;
  void move(Index steps, RowMatrix* totals);
  void move_block(Index block, Index steps, double* totals);
  void rescale(Index steps);
  void set_factors();
  void check_total(double total) const;
  [[noreturn]] void fail_overflow() const;

  const Engine& engine_;
  std::uint64_t seed_;
  Index replicas_;
  Index block_;
  double moment_;
  int threads_;
  const Monitor& monitor_;
  Index time_ = 0;
  Index end_ = 0;

  RowMatrix states_;             ///< ẑ, one replica a row
  Vector squared_norms_;         ///< ‖ẑ_i‖²
  Vector exponents_;             ///< e_i, integers
  Vector factors_;               ///< 2^{q(e_i − E)}, E the largest e_i
  Vector weights_;               ///< ‖z_i‖^q in units of 2^{qE}
  double largest_exponent_ = 0;  ///< E
  double log_total_ = 0;         ///< ln S_t
  Index safe_steps_ = 1;
  std::vector<std::uint32_t> ancestors_;
};

}  // namespace brink
