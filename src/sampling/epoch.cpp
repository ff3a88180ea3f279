#include "brink/sampling/epoch.hpp"

#include <numeric>
#include <utility>

#include "brink/base/error.hpp"
#include "builtin_laws.hpp"

namespace brink {

LastBatch last_batch_of(std::string_view name) {
  if (name == "smaller") return LastBatch::smaller;
  if (name == "dropped") return LastBatch::dropped;
  fail_argument("epoch", "last batch", name, "smaller or dropped");
}

std::string_view to_string(LastBatch last) { return last == LastBatch::smaller ? "smaller" : "dropped"; }

Index Epoch::steps() const {
  return last_batch == LastBatch::smaller ? (samples + batch_size - 1) / batch_size : samples / batch_size;
}

Index Epoch::size(Index step) const { return std::min(batch_size, samples - step * batch_size); }

Index Epoch::used() const { return last_batch == LastBatch::smaller ? samples : steps() * batch_size; }

void Epoch::check(std::string_view function) const { check_batch(function, samples, batch_size); }

void shuffle(Index samples, Index wanted, Philox& random, std::uint32_t* order) {
  std::iota(order, order + samples, 0U);
  for (Index i = 0; i < std::min(wanted, samples - 1); ++i) {
    std::swap(order[i], order[i + random.below(static_cast<std::uint32_t>(samples - i))]);
  }
}

}  // namespace brink
