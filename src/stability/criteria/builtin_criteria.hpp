#pragma once
// Factories of the criteria that ship with Brink.

#include <memory>

#include "brink/stability/criterion.hpp"

namespace brink {

std::unique_ptr<Criterion> make_noise_kernel_criterion();
std::unique_ptr<Criterion> make_mean_criterion();
std::unique_ptr<Criterion> make_wu_ma_e_criterion();
std::unique_ptr<Criterion> make_wu_ma_e_box_criterion();
std::unique_ptr<Criterion> make_frobenius_criterion();
std::unique_ptr<Criterion> make_trace_criterion();
std::unique_ptr<Criterion> make_mulayoff_15_criterion();
std::unique_ptr<Criterion> make_mulayoff_16_criterion();
std::unique_ptr<Criterion> make_rank_one_criterion();
std::unique_ptr<Criterion> make_coherence_criterion();
std::unique_ptr<Criterion> make_every_batch_criterion();
std::unique_ptr<Criterion> make_batch_gap_criterion();

}  // namespace brink
