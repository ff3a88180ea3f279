#pragma once
// Even moments of any linear update rule, exactly: E‖z‖^k is a polynomial of degree k in the lifted state z = (x,
// buffers), and one step maps homogeneous polynomials of degree k linearly to such polynomials,
//
//   (T p)(z) = E_B p(M_B z),   M_B = A₀ ⊗ I + b e₁ᵀ ⊗ (H_B + κI),
//
// which is E[M_B^{⊗k}] on the symmetric tensors Sym^k. T preserves the cone of polynomials that are nowhere negative,
// and ‖z‖^k is inside that cone, so (Krein & Rutman) the spectral radius of T is an eigenvalue and the growth factor of
// E‖z‖^k [Ma & Ying 2021]. docs/theory.md, (9.1).

#include <string>
#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// T for one cell. Its dimension is N = C(D+k−1, k), D the states of the rule times the rank: meant for small models.
class EvenMoment {
 public:
  /// Largest N for SGD, whose T is symmetric in the right basis, and for other rules.
  static constexpr double kMostSymmetric = 2000;
  static constexpr double kMostGeneral = 350;
  /// Largest number of multiplications that one T may cost, summed over all batches.
  static constexpr double kMostWork = 2e8;

  /// Why this moment is out of reach, with the estimate of what it would take; empty when it is not.
  [[nodiscard]] static std::string out_of_reach(const LinearizedModel& model, const UpdateRule& rule,
                                                const BatchLaw& law, Index batch_size, int moment);

  /// `moment` k even, 2 … 16; 1 ≤ batch_size ≤ n. Model and rule must outlive this. Throws InvalidInput for anything
  /// else and where out_of_reach() says so.
  EvenMoment(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law, Index batch_size, int moment);

  [[nodiscard]] Index dimension() const { return static_cast<Index>(scale_.size()); }

  /// Λ(k) = ln ρ(T) at step size eta ≥ 0. O(batches · N² D) for T; then Lanczos (SGD) or O(N³).
  [[nodiscard]] Estimate log_growth(double eta) const;

 private:
  [[nodiscard]] Matrix power(const Matrix& step) const;
  [[nodiscard]] Matrix step_matrix(double eta, const Matrix& batch_hessian) const;

  const LinearizedModel* model_;
  const UpdateRule* rule_;
  int moment_;
  Index variables_;  // D
  struct Batch {
    double probability;
    Matrix hessian;  // H_B, r × r, eigenbasis
  };
  std::vector<Batch> batches_;
  /// Monomials of degree j, j = 0 … k: each is one of degree j−1 (`parent`) times a variable (`factor`), and times[m·D
  /// + v] is the number of the monomial m·z_v among those of degree j+1.
  struct Degree {
    std::vector<Index> parent;
    std::vector<Index> factor;
    std::vector<Index> times;
  };
  std::vector<Degree> degrees_;
  Vector scale_;  // √(k!/α!) of z^α: makes T symmetric where every M_B is
};

}  // namespace brink
