#include "brink/sampling/batch_law.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "brink/base/error.hpp"
#include "oracle/batches.hpp"
#include "oracle/examples.hpp"

using namespace brink;

namespace {

constexpr int kSamples = 5;

/// W = Σ_k H_k S₁ H_k and the power sums S_j, in the letters of the header.
struct PowerSums {
  Matrix s1 = Matrix::Zero(3, 3);
  Matrix s2 = Matrix::Zero(3, 3);
  Matrix s3 = Matrix::Zero(3, 3);
  Matrix w = Matrix::Zero(3, 3);

  explicit PowerSums(const std::vector<Matrix>& hessians) {
    for (const Matrix& h : hessians) {
      s1 += h;
      s2 += h * h;
      s3 += h * h * h;
    }
    for (const Matrix& h : hessians) w += h * s1 * h;
  }
};

}  // namespace

TEST_CASE("second and third moments are those of all batches", "[sampling][fast]") {
  const oracle::Example example = oracle::random_rows(kSamples, 3, 1, 4);
  const std::vector<Matrix> hessians = example.hessians();
  const Matrix mean = example.mean_hessian();
  const PowerSums sums(hessians);
  for (const std::string& name : oracle::finite_laws()) {
    const auto law = make_batch_law(name);
    for (int batch_size = 1; batch_size <= kSamples; ++batch_size) {
      CAPTURE(name, batch_size);
      const auto exact = oracle::hessian_moments(oracle::all_batches(name, kSamples, batch_size), batch_size, hessians);
      const auto [p1, p2] = law->second_moment(kSamples, batch_size);
      const Matrix second = mean * mean + p1 * sums.s2 / kSamples - p2 * mean * mean;
      CHECK((second - exact.second).norm() < 1e-12 * exact.second.norm());

      const auto [c1, c2, c3] = law->third_moment(kSamples, batch_size);
      const Matrix third =
          (c1 * sums.s3 + c2 * (sums.s2 * sums.s1 + sums.s1 * sums.s2 + sums.w) + c3 * sums.s1 * sums.s1 * sums.s1) /
          std::pow(batch_size, 3);
      CHECK((third - exact.third).norm() < 1e-12 * exact.third.norm());
    }
  }
}

TEST_CASE("a full batch has no noise, and neither has a single sample", "[sampling][fast]") {
  for (const Index samples : {1, 2, 7}) {
    CHECK(make_batch_law("without-replacement")->second_moment(samples, samples).p1 == 0);
    CHECK(make_batch_law("without-replacement")->second_moment(samples, samples).p2 == 0);
    CHECK(make_batch_law("bernoulli")->second_moment(samples, samples).p1 == 0);
  }
  for (const char* name : {"without-replacement", "bernoulli"}) {
    std::vector<std::uint32_t> batch(7);
    Philox random(1, Purpose::batch, 0, 0);
    REQUIRE(make_batch_law(name)->draw(7, 7, random, batch.data()) == 7);
    for (std::uint32_t k = 0; k < 7; ++k) CHECK(batch[k] == k);
  }
}

TEST_CASE("draws have the probabilities of the law", "[sampling][fast]") {
  // Sizes on both sides of the change from rejection to Fisher–Yates. Every multiset of samples is one cell.
  constexpr int draws = 100'000;
  for (const std::string& name : oracle::finite_laws()) {
    const auto law = make_batch_law(name);
    for (const int batch_size : {1, 2, 3, 4}) {
      CAPTURE(name, batch_size);
      std::map<std::vector<int>, int> seen;
      std::vector<std::uint32_t> batch(kSamples);
      for (std::uint32_t i = 0; i < draws; ++i) {
        Philox random(9, Purpose::batch, i, static_cast<std::uint32_t>(batch_size));
        const Index drawn = law->draw(kSamples, batch_size, random, batch.data());
        std::vector<int> key(batch.begin(), batch.begin() + drawn);
        std::sort(key.begin(), key.end());
        ++seen[key];
      }
      int accounted = 0;
      for (const auto& [probability, samples] : oracle::all_batches(name, kSamples, batch_size)) {
        const double expected = draws * probability;
        const double z = (seen[samples] - expected) / std::sqrt(expected * (1 - probability));
        CAPTURE(samples, z);
        CHECK(std::abs(z) < 5);  // about 200 cells: a false alarm in one of 10,000 seeds
        accounted += seen[samples];
      }
      CHECK(accounted == draws);
    }
  }
}

TEST_CASE("pairs of a large set are drawn equally often", "[sampling][fast]") {
  // 40 of 1000 by rejection, 60 of 1000 by Fisher–Yates: distinct, and each pair with B(B−1)/n(n−1).
  const auto law = make_batch_law("without-replacement");
  for (const int batch_size : {40, 60}) {
    constexpr int draws = 20'000;
    std::vector<std::uint32_t> batch(1000);
    double with_first = 0;
    double with_pair = 0;
    for (std::uint32_t i = 0; i < draws; ++i) {
      Philox random(10, Purpose::batch, i, 0);
      REQUIRE(law->draw(1000, batch_size, random, batch.data()) == batch_size);
      const std::set<std::uint32_t> chosen(batch.begin(), batch.begin() + batch_size);
      REQUIRE(static_cast<int>(chosen.size()) == batch_size);
      REQUIRE(*chosen.rbegin() < 1000);
      for (std::uint32_t k = 0; k < 1000; k += 10) {
        with_first += static_cast<double>(chosen.count(k));
        with_pair += static_cast<double>(chosen.count(k) * chosen.count(k + 1));
      }
    }
    const double b = batch_size;
    const double p1 = b / 1000;
    const double p2 = p1 * (b - 1) / 999;
    // Inclusions of different samples are nearly independent, so the binomial variance is close and slightly large.
    CHECK(std::abs(with_first - 100 * draws * p1) < 5 * std::sqrt(100 * draws * p1));
    CHECK(std::abs(with_pair - 100 * draws * p2) < 5 * std::sqrt(100 * draws * p2));
  }
}

TEST_CASE("what a law cannot do is refused", "[sampling][fast]") {
  const auto law = make_batch_law("without-replacement");
  CHECK_THROWS_WITH(law->second_moment(10, 0), Catch::Contains("batch_size = 0, need 1 <= batch_size"));
  CHECK_THROWS_WITH(law->third_moment(10, 11), Catch::Contains("batch_size = 11"));
  CHECK_THROWS_AS(law->second_moment(0, 1), InvalidInput);
  CHECK_THROWS_WITH(make_batch_law("reshuffling"), Catch::Contains("reshuffling") && Catch::Contains("bernoulli"));
  const auto gaussian = make_batch_law("gaussian");
  CHECK(gaussian->fresh_gaussian_rows());
  CHECK_THROWS_AS(gaussian->second_moment(10, 1), InvalidInput);
  CHECK_THROWS_AS(gaussian->third_moment(10, 1), InvalidInput);
  CHECK_THROWS_AS(register_batch_law("bernoulli", nullptr), InvalidInput);
}
