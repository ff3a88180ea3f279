#pragma once
// A polynomial as an objective of one sample, every derivative from its monomials. For the tests: the caricature of the
// edge of stability and its relatives are polynomials.

#include <vector>

#include "brink/network/objective.hpp"

namespace brink::test {

/// coefficient · Π θ_i over the indices i, with repetition: {2, {0, 0, 1}} is 2 θ₀² θ₁.
struct Monomial {
  double coefficient = 0;
  std::vector<Index> factors;
};

class Polynomial final : public Objective<double> {
 public:
  Polynomial(Index parameters, std::vector<Monomial> monomials) : p_(parameters), monomials_(std::move(monomials)) {}

  Index samples() const override { return 1; }
  Index parameters() const override { return p_; }
  Batch all() const override { return {everything_, 1.0}; }

  double loss(const Vector& theta, const Batch&) const override {
    double sum = 0;
    for (const auto& m : monomials_) sum += m.coefficient * product(theta, m, {});
    return sum;
  }
  double gradient(const Vector& theta, const Batch& batch, Vector& out) const override {
    out.setZero();
    for (const auto& m : monomials_)
      for (std::size_t i = 0; i < m.factors.size(); ++i) out[m.factors[i]] += m.coefficient * product(theta, m, {i});
    return loss(theta, batch);
  }
  void hessian_product(const Vector& theta, const Batch&, const Vector& v, Vector& out) const override {
    out.setZero();
    for (const auto& m : monomials_)
      for (std::size_t i = 0; i < m.factors.size(); ++i)
        for (std::size_t j = 0; j < m.factors.size(); ++j)
          if (i != j) out[m.factors[i]] += m.coefficient * product(theta, m, {i, j}) * v[m.factors[j]];
  }
  void third_derivative(const Vector& theta, const Batch&, const Vector& u, Vector& out) const override {
    out.setZero();
    for (const auto& m : monomials_)
      for (std::size_t i = 0; i < m.factors.size(); ++i)
        for (std::size_t j = 0; j < m.factors.size(); ++j)
          for (std::size_t k = 0; k < m.factors.size(); ++k)
            if (i != j && i != k && j != k)
              out[m.factors[i]] += m.coefficient * product(theta, m, {i, j, k}) * u[m.factors[j]] * u[m.factors[k]];
  }

 private:
  static double product(const Vector& theta, const Monomial& m, const std::vector<std::size_t>& without) {
    double value = 1;
    for (std::size_t i = 0; i < m.factors.size(); ++i) {
      bool left = true;
      for (const std::size_t w : without) left = left && w != i;
      if (left) value *= theta[m.factors[i]];
    }
    return value;
  }

  Index p_;
  std::vector<Monomial> monomials_;
  std::vector<std::uint32_t> everything_ = {0};
};

/// ½(S* + gw)x² − aw of docs/edge.md, (E.9), θ = (x, w).
inline Polynomial caricature_loss(double critical, double a, double g) {
  return {2, {{0.5 * critical, {0, 0}}, {0.5 * g, {0, 0, 1}}, {-a, {1}}}};
}

}  // namespace brink::test
