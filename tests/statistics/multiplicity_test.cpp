#include "brink/statistics/multiplicity.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "calibration.hpp"

using namespace brink;
using namespace calibration;

TEST_CASE("Holm's adjusted values by hand", "[statistics][fast]") {
  const auto adjusted = holm({0.01, 0.04, 0.03, 0.005});
  CHECK(adjusted[3] == Approx(0.02));
  CHECK(adjusted[0] == Approx(0.03));
  CHECK(adjusted[2] == Approx(0.06));
  CHECK(adjusted[1] == Approx(0.06));  // never below that of a smaller p-value
  CHECK(holm({0.7}) == std::vector<double>{0.7});
  CHECK(holm({0.9, 0.8}) == std::vector<double>{1, 1});
  CHECK(holm({}).empty());
  CHECK_THROWS_AS(holm({1.5}), InvalidInput);
}

TEST_CASE("any false rejection after Holm's correction is as rare as announced", "[statistics][fast]") {
  // Five true null hypotheses, dependent, beside three false ones that are nearly always rejected.
  oracle::Random random(3);
  int any = 0;
  constexpr int trials = 5000;
  for (int i = 0; i < trials; ++i) {
    std::vector<double> p = {1e-9, 1e-8, 1e-7};
    const double common = random.normal();
    for (int j = 0; j < 5; ++j) p.push_back(normal_two_sided_p(std::sqrt(0.5) * (common + random.normal())));
    const auto adjusted = holm(p);
    any += std::any_of(adjusted.begin() + 3, adjusted.end(), [](double value) { return value <= 0.05; });
  }
  check_at_most(any, trials, 0.05);
}
