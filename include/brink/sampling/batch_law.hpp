#pragma once
// How a mini-batch is drawn. Theory needs a few coefficients, docs/theory.md, (3.1) and (3.2), simulation a draw.
//
// With H_B = (1/B) Σ_{k in batch} H_k and S_j = Σ_k H_k^j, W = Σ_k H_k S₁ H_k, every law here satisfies E H_B = H and
//
//   E[H_B X H_B] = H X H + N(X),   N(X) = p1 · (1/n) Σ_k H_k X H_k − p2 · H X H,
//   E[H_B³]      = B⁻³ [ c1 S₃ + c2 (S₂S₁ + S₁S₂ + W) + c3 S₁³ ].

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {

class BatchLaw {
 public:
  struct SecondMoment {
    double p1 = 0;
    double p2 = 0;
  };
  struct ThirdMoment {
    double c1 = 0;
    double c2 = 0;
    double c3 = 0;
  };

  virtual ~BatchLaw() = default;

  /// "without-replacement", "with-replacement", "bernoulli" or "gaussian".
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// True when the law ignores the finite sample and draws fresh rows a ~ N(0, H) at every step:
  /// N(X) = (HXH + tr(HX) H)/B. The coefficients and draws below then do not apply and throw.
  [[nodiscard]] virtual bool fresh_gaussian_rows() const { return false; }

  /// How many samples batches are drawn from, for a model of n samples: n, unless these are part of a population.
  [[nodiscard]] virtual Index population(Index samples) const { return samples; }

  /// (p1, p2) for n samples and batch size B, 1 <= B <= population(n).
  [[nodiscard]] virtual SecondMoment second_moment(Index samples, Index batch_size) const = 0;

  /// (c1, c2, c3) for n samples and batch size B.
  [[nodiscard]] virtual ThirdMoment third_moment(Index samples, Index batch_size) const = 0;

  /// Draws one batch: writes sample indices (repeats allowed by the law) into `batch` (room for max(n, B) indices) and
  /// returns how many. The gradient is always the sum over the batch divided by B. No allocation.
  virtual Index draw(Index samples, Index batch_size, Philox& random, std::uint32_t* batch) const = 0;
};

/// The law called `name`; throws InvalidInput for an unknown one.
[[nodiscard]] std::shared_ptr<const BatchLaw> make_batch_law(std::string_view name);

using BatchLawFactory = std::shared_ptr<const BatchLaw> (*)();

/// Adds a law under a new name: the one registration line of an extension.
void register_batch_law(std::string name, BatchLawFactory factory);

[[nodiscard]] std::vector<std::string> batch_law_names();

}  // namespace brink
