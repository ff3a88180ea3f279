#include "brink/sampling/batch_enumeration.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "brink/base/error.hpp"
#include "brink/sampling/population_law.hpp"
#include "oracle/batches.hpp"
#include "oracle/examples.hpp"

TEST_CASE("every batch of a law with its probability", "[fast][sampling]") {
  for (const auto& name : oracle::finite_laws())
    for (const int n : {1, 2, 5})
      for (int b = 1; b <= n; ++b) {
        INFO(name << " n=" << n << " B=" << b);
        std::map<std::vector<brink::Index>, double> expected;
        for (const auto& batch : oracle::all_batches(name, n, b)) {
          std::vector<brink::Index> counts(static_cast<std::size_t>(n), 0);
          for (const int k : batch.samples) ++counts[static_cast<std::size_t>(k)];
          if (batch.probability > 0) expected[counts] += batch.probability;
        }
        const auto law = brink::make_batch_law(name);
        double total = 0;
        std::size_t visited = 0;
        brink::for_each_batch(*law, n, b, [&](const std::vector<brink::Index>& counts, double probability) {
          REQUIRE(expected.count(counts) == 1);
          CHECK(probability == Approx(expected.at(counts)).epsilon(1e-13));
          total += probability;
          ++visited;
        });
        CHECK(visited == expected.size());
        CHECK(total == Approx(1).epsilon(1e-13));
        CHECK(brink::number_of_batches(*law, n, b) == static_cast<double>(visited));
      }
}

TEST_CASE("laws without a list of batches are refused", "[fast][sampling]") {
  const auto gaussian = brink::make_batch_law("gaussian");
  CHECK(std::isinf(brink::number_of_batches(*gaussian, 5, 2)));
  CHECK_THROWS_AS(brink::for_each_batch(*gaussian, 5, 2, {}), brink::InvalidInput);
  const auto part = brink::make_population_law(brink::make_batch_law("bernoulli"), 9);
  CHECK(std::isinf(brink::number_of_batches(*part, 5, 2)));
  CHECK(brink::number_of_batches(*brink::make_batch_law("without-replacement"), 40, 20) == 137846528820.0);
  CHECK_THROWS_AS(brink::for_each_batch(*brink::make_batch_law("bernoulli"), 5, 6, {}), brink::InvalidInput);
}
