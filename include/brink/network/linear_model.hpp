#pragma once
// Least squares on fixed features as a network of one layer: f_k = W φ_k, ℓ_k = ½‖W φ_k − y_k‖², θ = W (c × q,
// output-major). The Hessian is the Gauss–Newton matrix everywhere, and the third derivative is zero.

#include <memory>

#include "brink/network/objective.hpp"

namespace brink {

/// `features` Φ: n × q, `targets` Y: n × c. Throws InvalidInput for other shapes. float and double.
template <class Real>
[[nodiscard]] std::unique_ptr<NetworkObjective<Real>> make_linear_model(const RowMatrix& features,
                                                                        const RowMatrix& targets);

}  // namespace brink
