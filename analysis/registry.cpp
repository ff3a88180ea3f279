#include "analysis/list.hpp"
#include "analysis/studies.hpp"

namespace brink::analysis {

const std::vector<Study>& studies() {
  static const std::vector<Study> all = {
      frobenius_bound(), noise_alignment(), minima_of_sgd(),  quadratic_identities(), two_plateaus(),
      catapults(),       scalar_laws(),     effective_rate(), where_training_sits(),
  };
  return all;
}

}  // namespace brink::analysis
