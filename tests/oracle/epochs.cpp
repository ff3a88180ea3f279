#include "oracle/epochs.hpp"

#include <algorithm>
#include <numeric>

namespace oracle {

int epoch_steps(int samples, int batch_size, bool drop_last) {
  const int whole = samples / batch_size;
  return drop_last || samples % batch_size == 0 ? whole : whole + 1;
}

Matrix epoch_in_order(const std::vector<Matrix>& hessians, const std::vector<int>& order, int batch_size,
                      bool drop_last, const Recursion& rule, double eta) {
  const auto size = rule.states() * hessians.front().rows();
  const int n = static_cast<int>(hessians.size());
  Matrix product = Matrix::Identity(size, size);
  for (int first = 0; first < n; first += batch_size) {
    const int last = std::min(first + batch_size, n);
    if (drop_last && last - first < batch_size) break;
    Matrix sum = Matrix::Zero(hessians.front().rows(), hessians.front().cols());
    for (int i = first; i < last; ++i) sum += hessians[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
    product = (lifted_map(rule, eta, sum / (last - first)) * product).eval();
  }
  return product;
}

std::vector<Matrix> all_epochs(const std::vector<Matrix>& hessians, int batch_size, bool drop_last,
                               const Recursion& rule, double eta) {
  std::vector<int> order(hessians.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<Matrix> epochs;
  do {
    epochs.push_back(epoch_in_order(hessians, order, batch_size, drop_last, rule, eta));
  } while (std::next_permutation(order.begin(), order.end()));
  return epochs;
}

Matrix epoch_second_moment(const std::vector<Matrix>& hessians, int batch_size, bool drop_last, const Recursion& rule,
                           double eta) {
  Matrix sum;
  const auto epochs = all_epochs(hessians, batch_size, drop_last, rule, eta);
  for (const auto& epoch : epochs) {
    const Matrix term = kronecker(epoch, epoch) / static_cast<double>(epochs.size());
    if (sum.size() == 0)
      sum = term;
    else
      sum += term;
  }
  return sum;
}

}  // namespace oracle
