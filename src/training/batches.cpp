#include "brink/training/batches.hpp"

#include <fmt/format.h>

#include <numeric>

#include "brink/base/error.hpp"

namespace brink {

Batches::Batches(const BatchSettings& settings, Index samples, std::uint64_t seed, std::uint32_t stretch,
                 Index first_step)
    : samples_(samples),
      size_(settings.size == 0 ? samples : settings.size),
      seed_(seed),
      stretch_(stretch),
      first_step_(first_step) {
  constexpr std::string_view function = "training";
  check_argument(size_ >= 1 && size_ <= samples, function, "batch size", settings.size,
                 fmt::format("an integer in 1..{}, or 0 for all samples", samples));
  if (settings.sampling == "reshuffled") {
    epoch_ = {samples, size_, settings.last_batch};
    epoch_.check(function);
  } else {
    check_argument(settings.last_batch == LastBatch::smaller, function, "last_batch", to_string(settings.last_batch),
                   "smaller, unless the sampling is reshuffled");
    law_ = make_batch_law(settings.sampling);
    check_argument(!law_->fresh_gaussian_rows(), function, "sampling", settings.sampling,
                   "a law that draws from finitely many samples, or reshuffled");
  }
  // Under these two a batch of n samples is every sample once: no draw is needed, and the order is that of the data.
  full_ = size_ == samples && (!law_ || law_->name() == "without-replacement");
  order_.resize(static_cast<std::size_t>(samples));
  if (full_) std::iota(order_.begin(), order_.end(), 0U);
}

Batch Batches::draw(Index step) {
  if (full_) return {order_, static_cast<double>(samples_)};
  if (law_) {
    Philox random(seed_, Purpose::batch, stretch_, static_cast<std::uint32_t>(step));
    const Index count = law_->draw(samples_, size_, random, order_.data());
    return {std::span(order_).first(static_cast<std::size_t>(count)), static_cast<double>(size_)};
  }
  const Index epoch = (step - first_step_) / epoch_.steps();
  const Index within = (step - first_step_) % epoch_.steps();
  if (epoch != shuffled_epoch_) {
    Philox random(seed_, Purpose::batch, stretch_, static_cast<std::uint32_t>(epoch));
    shuffle(samples_, epoch_.used(), random, order_.data());
    shuffled_epoch_ = epoch;
  }
  const Index count = epoch_.size(within);
  return {std::span(order_).subspan(static_cast<std::size_t>(within * size_), static_cast<std::size_t>(count)),
          static_cast<double>(count)};
}

}  // namespace brink
