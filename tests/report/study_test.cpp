#include "brink/report/study.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <random>

#include "analysis/studies.hpp"
#include "brink/base/error.hpp"

using namespace brink;

namespace {

class MemoryStore : public StudyStore {
 public:
  std::optional<std::vector<double>> find(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    const auto found = units.find(key);
    return found == units.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(const std::string& key, const std::vector<double>& values) override {
    const std::lock_guard lock(mutex_);
    units[key] = values;
  }
  std::map<std::string, std::vector<double>> units;

 private:
  std::mutex mutex_;
};

}  // namespace

TEST_CASE("the interval over seeds is Student's and covers the mean as often as it says", "[study][fast]") {
  // Three values 1, 2, 3: mean 2, s = 1, t(0.975, 2) = 4.302652729911275.
  const SeedMean m = seed_mean({1, 2, 3});
  CHECK(m.mean == 2);
  CHECK(m.standard_error == Approx(1 / std::sqrt(3.0)));
  CHECK(m.upper - 2 == Approx(4.302652729911275 / std::sqrt(3.0)));

  std::mt19937_64 random(11);
  std::normal_distribution<double> normal(5, 2);
  int covered = 0;
  constexpr int kTrials = 2000;
  for (int i = 0; i < kTrials; ++i) {
    const SeedMean trial = seed_mean({normal(random), normal(random), normal(random)});
    covered += trial.lower <= 5 && 5 <= trial.upper;
  }
  // 95% of 2000 with a standard deviation of 9.7.
  CHECK(covered > 1900 - 40);
  CHECK(covered < 1900 + 40);
}

TEST_CASE("seeds that diverged are excluded and counted", "[study][fast]") {
  const SeedMean m = seed_mean({1, std::numeric_limits<double>::quiet_NaN(), 3, INFINITY});
  CHECK(m.seeds == 2);
  CHECK(m.excluded == 2);
  CHECK(m.mean == 2);
  CHECK_FALSE(std::isfinite(seed_mean({4}).upper));
  CHECK(seed_mean({}).seeds == 0);
}

TEST_CASE("a claim is judged by its interval", "[study][fast]") {
  const std::vector<double> tight = {1.00, 1.01, 0.99};
  CHECK(judge_equal({}, tight, 1, 0.1).decision == Decision::supported);
  CHECK(judge_equal({}, tight, 2, 0.1).decision == Decision::refuted);
  CHECK(judge_equal({}, tight, 1.1, 0.1).decision == Decision::cannot_tell);
  CHECK(judge_equal({}, {0, 1, 2}, 1, 0.1).decision == Decision::cannot_tell);
  CHECK(judge_equal({}, {1}, 1, 0.1).decision == Decision::cannot_tell);
  CHECK(judge_at_least({}, tight, 0.9).decision == Decision::supported);
  CHECK(judge_at_least({}, tight, 1.2).decision == Decision::refuted);
  CHECK(judge_at_least({}, tight, 1).decision == Decision::cannot_tell);
  CHECK(judge_at_most({}, tight, 1.2).decision == Decision::supported);
  CHECK(judge_at_most({}, tight, 0.9).decision == Decision::refuted);
  CHECK(judge_exact({}, {1e-9, -2e-9}, 1e-8).decision == Decision::supported);
  CHECK(judge_exact({}, {1e-9, -2e-8}, 1e-8).decision == Decision::refuted);
  CHECK(judge_exact({}, {std::numeric_limits<double>::quiet_NaN()}, 1e-8).decision == Decision::refuted);
  CHECK(judge_exact({}, {}, 1e-8).decision == Decision::cannot_tell);
  for (const double far : std::vector<double>{-INFINITY, INFINITY, std::nan("")}) {
    CHECK(judge_exact({}, {far, 1e-9}, 1e-8).decision == Decision::refuted);
    CHECK(judge_exact({}, {1e-9, far}, 1e-8).decision == Decision::refuted);
  }
  CHECK(judge_exact({}, {1e-9, -INFINITY}, 1e-8).measured.mean == INFINITY);
}

TEST_CASE("units of a study are measured once, on any number of threads", "[study][fast]") {
  std::atomic<int> computed{0};
  std::vector<StudyUnit> units;
  for (int i = 0; i < 17; ++i) {
    units.push_back({"unit " + std::to_string(i), [&computed, i](const Monitor&) {
                       ++computed;
                       return std::vector<double>{static_cast<double>(i), std::nan("")};
                     }});
  }
  MemoryStore store;
  StudyContext context;
  context.store = &store;
  context.threads = 3;
  const auto first = context.measure(units);
  CHECK(computed == 17);
  store.units.erase("unit 4");
  context.threads = 1;
  const auto second = context.measure(units);
  CHECK(computed == 18);
  for (std::size_t i = 0; i < units.size(); ++i) {
    CHECK(first[i][0] == static_cast<double>(i));
    CHECK(second[i][0] == first[i][0]);
  }
}

TEST_CASE("an interrupted study keeps what it has and nothing that was cut short", "[study][fast]") {
  MemoryStore store;
  StudyContext context;
  context.store = &store;
  bool stop = false;
  context.monitor.interrupted = [&] { return stop; };
  const std::vector<StudyUnit> units = {{"first", [](const Monitor&) { return std::vector<double>{1}; }},
                                        {"second", [&](const Monitor&) {
                                           stop = true;
                                           return std::vector<double>{2};
                                         }}};
  CHECK_THROWS_AS(context.measure(units), Interrupted);
  CHECK(store.units.count("first") == 1);
  CHECK(store.units.count("second") == 0);
}

TEST_CASE("a unit survives its line of text to the last bit", "[study][fast]") {
  const std::vector<double> values = {0.1, -1e-300, std::nextafter(1.0, 2.0), std::nan(""), INFINITY, 12345678901234.5};
  const auto read = read_study_line(study_line("a key, B=4", values));
  REQUIRE(read);
  CHECK(read->first == "a key, B=4");
  REQUIRE(read->second.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      CHECK(std::isnan(read->second[i]));
    } else {
      CHECK(read->second[i] == values[i]);
    }
  }
  CHECK(read_study_line(study_line("empty", {}))->second.empty());
  CHECK_FALSE(read_study_line("key\t1.5x"));
}

TEST_CASE("every study of the list has a name of its own and says by which rule it judges", "[study][fast]") {
  std::map<std::string, int> names;
  for (const auto& study : analysis::studies()) {
    CHECK(++names[study.name] == 1);
    CHECK_FALSE(study.claims.empty());
    CHECK_FALSE(study.question.empty());
    CHECK_FALSE(study.source.empty());
    CHECK_FALSE(study.rule.empty());
    CHECK(study.run != nullptr);
  }
}

TEST_CASE("the scalar laws of momentum hold", "[study][fast]") {
  const auto& all = analysis::studies();
  const auto study = std::find_if(all.begin(), all.end(), [](const Study& s) { return s.name == "scalar-laws"; });
  REQUIRE(study != all.end());
  const StudyReport report = study->run({});
  REQUIRE(report.findings.size() == 7);
  for (const auto& finding : report.findings) {
    CAPTURE(finding.claim, finding.quantity, finding.measured.mean);
    CHECK(finding.decision == Decision::supported);
  }
}
