#pragma once
// Factories of the criteria that ship with Brink, one file each.

#include <memory>

#include "brink/stability/criterion.hpp"

namespace brink {

std::unique_ptr<Criterion> make_mean_criterion();
std::unique_ptr<Criterion> make_frobenius_criterion();

}  // namespace brink
