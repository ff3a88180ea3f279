#include "analysis/list.hpp"
#include "analysis/studies.hpp"

namespace brink::analysis {

const std::vector<Study>& studies() {
  static const std::vector<Study> all = {
      frobenius_bound(),
      noise_alignment(),
      minima_of_sgd(),
      quadratic_identities(),
      two_plateaus(),
      catapults(),
      scalar_laws(),
      effective_rate(),
      where_training_sits(),
      edge_caricature(),
      self_stabilization_study(),
      self_stabilization_images(),
      central_flow_study(),
      momentum_helps(),
      other_edges(),
      scalar_networks(),
      implicit_drift(),
  };
  return all;
}

}  // namespace brink::analysis
