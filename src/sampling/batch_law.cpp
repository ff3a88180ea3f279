#include "brink/sampling/batch_law.hpp"

#include <limits>

#include "brink/base/error.hpp"
#include "builtin_laws.hpp"

namespace brink {
namespace {

struct NamedLaw {
  std::string name;
  BatchLawFactory factory;
};

std::vector<NamedLaw>& registry() {
  static std::vector<NamedLaw> laws = {
      {"without-replacement", make_without_replacement},
      {"with-replacement", make_with_replacement},
      {"bernoulli", make_bernoulli},
      {"gaussian", make_gaussian},
  };
  return laws;
}

}  // namespace

void check_batch(std::string_view law, Index samples, Index batch_size) {
  check_argument(samples >= 1 && samples <= std::numeric_limits<std::uint32_t>::max(), law, "samples", samples,
                 "1 <= samples <= 2^32 - 1");
  check_argument(batch_size >= 1 && batch_size <= samples, law, "batch_size", batch_size,
                 "1 <= batch_size <= samples = " + std::to_string(samples));
}

BatchLaw::ThirdMoment third_moment_of_distinct_samples(double q1, double q2, double q3) {
  return {q1 - 3 * q2 + 2 * q3, q2 - q3, q3};
}

std::shared_ptr<const BatchLaw> make_batch_law(std::string_view name) {
  std::string known;
  for (const auto& law : registry()) {
    if (law.name == name) return law.factory();
    known += (known.empty() ? "" : ", ") + law.name;
  }
  fail_argument("make_batch_law", "sampling", name, "one of " + known);
}

void register_batch_law(std::string name, BatchLawFactory factory) {
  for (const auto& law : registry()) {
    check_argument(law.name != name, "register_batch_law", "name", name, "a name that is not taken");
  }
  registry().push_back({std::move(name), factory});
}

std::vector<std::string> batch_law_names() {
  std::vector<std::string> names;
  for (const auto& law : registry()) names.push_back(law.name);
  return names;
}

}  // namespace brink
