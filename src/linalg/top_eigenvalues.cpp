#include "brink/linalg/top_eigenvalues.hpp"

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"

namespace brink {
namespace {

/// A on the complement of `found`, whose own directions are moved down to −shift.
SymmetricOperator deflated(const SymmetricOperator& op, const std::vector<TopEigenResult>& found, double shift) {
  return {op.dimension, [&op, &found, shift](const Vector& x, Vector& y) {
            Vector inside = x;
            for (const auto& pair : found) inside -= pair.vector.dot(inside) * pair.vector;
            op.apply(inside, y);
            for (const auto& pair : found) {
              y -= pair.vector.dot(y) * pair.vector;
              y -= shift * pair.vector.dot(x) * pair.vector;
            }
          }};
}

/// The component outside of `found`, of unit norm (or zero).
Vector outside(Vector v, const std::vector<TopEigenResult>& found) {
  for (int pass = 0; pass < 2; ++pass)
    for (const auto& pair : found) v -= pair.vector.dot(v) * pair.vector;
  const double norm = v.norm();
  return norm > 0 ? Vector(v / norm) : v;
}

/// The top pair of the complement. Found directions must lie below it: their shift grows until they do.
TopEigenResult next_pair(const SymmetricOperator& op, const std::vector<TopEigenResult>& found,
                         const TopEigenOptions& options, const Vector& start) {
  double shift = 0;
  for (const auto& pair : found) shift = std::max(shift, std::abs(pair.value));
  shift = shift > 0 ? shift : 1;
  Index products = 0;
  while (true) {
    TopEigenResult next = top_eigenpair(deflated(op, found, shift), options, start);
    products += next.products;
    double overlap = 0;
    for (const auto& pair : found) overlap += std::pow(pair.vector.dot(next.vector), 2);
    if (overlap > 0.5 && std::isfinite(16 * shift)) {
      shift *= 16;
      continue;
    }
    next.vector = outside(std::move(next.vector), found);
    Vector image(op.dimension);
    op.apply(next.vector, image);
    next.value = next.vector.dot(image);
    next.residual = (image - next.value * next.vector).norm();
    next.products = products + 1;
    return next;
  }
}

}  // namespace

std::vector<TopEigenResult> top_eigenpairs(const SymmetricOperator& op, Index count, const TopEigenOptions& options,
                                           const std::vector<Vector>& starts) {
  check_argument(count >= 1 && count <= op.dimension, "top_eigenpairs", "count", count,
                 "an integer from 1 to the dimension");
  std::vector<TopEigenResult> found;
  for (Index i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const Vector start = index < starts.size() ? outside(starts[index], found) : Vector();
    found.push_back(i == 0 ? top_eigenpair(op, options, start) : next_pair(op, found, options, start));
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.value > b.value; });
  return found;
}

}  // namespace brink
