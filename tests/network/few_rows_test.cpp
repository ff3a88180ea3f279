#include "../../src/network/few_rows.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace brink;
using namespace brink::network_detail;

TEMPLATE_TEST_CASE("products with few rows are Eigen's", "[network][fast]", float, double) {
  using Rows = RowMatrixOf<TestType>;
  const bool add = GENERATE(false, true);
  // Below, at and above the width of a register and the size of a tile.
  for (const Index n : {1, 4, 7, 19, 77})
    for (const Index k : {1, 7, 8, 16, 17, 50})
      for (Index m = 1; m <= kFewRows; ++m) {
        const Rows a = Rows::Random(m, k);
        const Rows b = Rows::Random(n, k);
        const Rows before = Rows::Random(m, n);
        Rows c = before;
        few_rows_times_transposed(m, n, k, a.data(), b.data(), add, c.data());
        const Rows expected = a * b.transpose() + (add ? before : Rows::Zero(m, n));
        CHECK((c - expected).cwiseAbs().maxCoeff() <= 60 * std::numeric_limits<TestType>::epsilon());

        const Rows bt = b.transpose();
        c = before;
        few_rows_times(m, n, k, a.data(), bt.data(), add, c.data());
        CHECK((c - expected).cwiseAbs().maxCoeff() <= 60 * std::numeric_limits<TestType>::epsilon());
      }
  for (const Index m : {1, 5, 18})
    for (const Index n : {1, 8, 37})
      for (Index k = 1; k <= kFewTerms; ++k) {
        const Index stride = m + 2;
        const Rows a = Rows::Random(k, stride);
        const Rows b = Rows::Random(k, n);
        const Rows before = Rows::Random(m, n);
        Rows c = before;
        if (add) {
          few_outer_products(m, n, k, a.data() + 1, stride, b.data(), Accumulate<TestType>{c.data()});
        } else {
          few_outer_products(m, n, k, a.data() + 1, stride, b.data(), Assign<TestType>{c.data()});
        }
        const Rows expected = a.middleCols(1, m).transpose() * b + (add ? before : Rows::Zero(m, n));
        CHECK((c - expected).cwiseAbs().maxCoeff() <= 20 * std::numeric_limits<TestType>::epsilon());
      }
}
