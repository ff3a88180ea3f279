#pragma once
// The spectrum of a model that is too large to write down: what is left of it in the limit is a law of curvatures.
//
// Two limits are in use. In the proportional one the dimension d, the batch size B and the number of samples n grow at
// fixed ratios, and the eigenvalues of H fill a probability law μ. In the other one the dimension is infinite, the
// batch size stays what it is, and the eigenvalues λ_1 ≥ λ_2 ≥ … are summable. Either way theory asks for sums over
// eigenvalues, and a law answers with nodes: docs/theory.md, (4.15) and (4.17).

#include <memory>
#include <string>
#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/model/linearized_model.hpp"

namespace brink {

/// A quadrature: Σ_q weights_q f(curvatures_q) ≈ ∫ f dμ (proportional) or Σ_j f(λ_j), for smooth f with f(0) = 0.
struct SpectralNodes {
  Vector curvatures;
  Vector weights;
};

class SpectralLaw {
 public:
  virtual ~SpectralLaw() = default;

  [[nodiscard]] virtual std::string name() const = 0;
  /// True when the dimension grows with the batch size: weights are then shares of the dimension (the eigenvalue 0 has
  /// the rest), and else numbers of eigenvalues.
  [[nodiscard]] virtual bool proportional() const = 0;
  /// How the nodes are found, for people.
  [[nodiscard]] virtual std::string method() const = 0;
  /// The ends of the support, without the eigenvalue 0; the lower one is 0 when eigenvalues accumulate there.
  [[nodiscard]] virtual double largest() const = 0;
  [[nodiscard]] virtual double smallest() const = 0;
  /// ∫ λ dμ, or Σ_j λ_j.
  [[nodiscard]] virtual double mean() const = 0;
  /// Quadrature number `level` ≥ 0, each finer than the one before it. O(nodes).
  [[nodiscard]] virtual SpectralNodes nodes(int level) const = 0;
  /// After this one, finer quadratures cost more than they gain.
  [[nodiscard]] virtual int last_level() const = 0;
  /// n/d in the limit, for laws of rows that are finite in number; 0 when there is none.
  [[nodiscard]] virtual double samples_per_dimension() const { return 0; }
  /// A finite model in `dimension` parameters whose spectrum tends to this law, with round(d·n/d) samples where the law
  /// has samples. Deterministic laws ignore the seed.
  [[nodiscard]] virtual LinearizedModel draw(Index dimension, std::uint64_t seed) const = 0;
  /// The same at the minimum of a least-squares problem whose labels are pure noise of variance 1, so that the model
  /// has gradient noise. Throws InvalidInput for a law without samples, or with fewer samples than parameters.
  [[nodiscard]] virtual LinearizedModel draw_with_label_noise(Index dimension, std::uint64_t seed) const;
};

struct SpectralLawParameters {
  std::string kind = "marchenko-pastur";
  double ratio = 0.5;     ///< d/n > 0 of "marchenko-pastur"
  double exponent = 1.5;  ///< a > 1 of "power-law"
  double scale = 1;       ///< > 0: the variance of an entry, the largest eigenvalue, or the one eigenvalue
};

/// The law called `parameters.kind`:
///   "marchenko-pastur"  H = AᵀA/n of an n × d matrix A with independent entries of variance `scale`, d/n → ratio y:
///                       density √((λ₊−λ)(λ−λ₋))/(2πyλ) on λ∓ = (1∓√y)² (scale 1), and mass 1 − 1/y at 0 for y > 1
///                       [Marchenko & Pastur 1967]. With λ = 1 + y − 2√y cos θ a midpoint rule in θ, which converges
///                       exponentially, and is exact for polynomials;
///   "power-law"         λ_j = scale·j^{−exponent}, j = 1, 2, …: the first eigenvalues one by one, the others by the
///                       midpoint form of Euler–Maclaurin and Gauss–Legendre panels in ln λ;
///   "point-mass"        all eigenvalues equal, proportional.
/// Throws InvalidInput for another kind or a parameter out of range.
[[nodiscard]] std::shared_ptr<const SpectralLaw> make_spectral_law(const SpectralLawParameters& parameters);

}  // namespace brink
