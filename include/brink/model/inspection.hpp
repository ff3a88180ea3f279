#pragma once
// What an array or a model is, for a reader who is about to trust it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brink/model/model_source.hpp"

namespace brink {

struct ArrayInspection {
  std::filesystem::path path;
  int version = 0;    ///< of the .npy format
  std::string type;   ///< as the file names it, e.g. "<f4"
  std::string order;  ///< "C" or "Fortran"
  std::vector<Index> shape;
  std::uint64_t bytes = 0;  ///< of the numbers
  double epsilon = 0;       ///< machine epsilon of the type
  double smallest = 0;      ///< over the finite entries
  double largest = 0;
  std::vector<std::string> conventions;  ///< what an array of this shape can be, e.g. "hessians: (n, d, d)"
  std::vector<std::string> problems;     ///< e.g. the first entry that is not finite; empty: none found
};

/// Reads a .npy file and says what it is. Throws InvalidInput when it is not a readable array; entries that are not
/// finite are reported as problems.
[[nodiscard]] ArrayInspection inspect_array(const std::filesystem::path& path);

struct ModelInspection {
  std::string kind;
  std::string route;     ///< how the spectrum was computed, see LinearizedModel::Origin
  Index samples = 0;     ///< n; 0 for a population
  Index outputs = 0;     ///< c; 0 for a population
  Index parameters = 0;  ///< p of the original problem; 0 when there is none
  Index rank = 0;        ///< r
  Index dropped = 0;
  double largest_dropped = 0;
  double rank_tolerance = 0;
  bool indefinite = false;    ///< some H_k has a negative eigenvalue
  bool interpolates = true;   ///< no gradient noise at the minimum
  double gradient_noise = 0;  ///< root mean square of ‖b_k‖
  std::vector<double> top;    ///< the largest eigenvalues of H, at most ten
  double smallest = 0;        ///< the smallest kept
  double trace = 0;
  double frobenius = 0;
  double effective_dimension = 0;  ///< (tr H)²/‖H‖_F² when H is positive semidefinite, 1 to r
  double largest_sample = 0;       ///< max_k tr(A_kᵀA_k): for c = 1 the sharpness of the sharpest sample
  double mean_sample = 0;          ///< (1/n) Σ_k tr(A_kᵀA_k)
  double consistency = 0;          ///< max|GᵀΣG/n − diag(λ)|/λ_max, measured; 0 for a population
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

/// Summarizes a model. O(nc·r²) for the consistency check.
[[nodiscard]] ModelInspection inspect_model(const LoadedModel& loaded);

}  // namespace brink
