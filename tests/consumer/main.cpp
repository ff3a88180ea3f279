// The installed package in ten lines: the mean-square threshold of SGD on three samples, one a batch.

#include <cmath>
#include <cstdio>
#include <limits>

#include "brink/stability/mean_square.hpp"

int main() {
  brink::RowMatrix rows(3, 2);
  rows << 1, 0, 1, 1, 0, 2;
  const auto model = brink::LinearizedModel::from_rows(rows, 1, std::numeric_limits<double>::epsilon());
  const auto rule = brink::make_update_rule("sgd", {});
  const auto law = brink::make_batch_law("without-replacement");
  const auto threshold = brink::mean_square_threshold(model, *rule, *law, 1);
  std::printf("%.10f\n", threshold.eta);
  return std::abs(threshold.eta - 0.576039492188993) < 1e-12 ? 0 : 1;
}
