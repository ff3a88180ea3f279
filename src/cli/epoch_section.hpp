#pragma once
// What a shuffled epoch needs beyond the batch size.

#include <string>

#include "brink/base/error.hpp"
#include "brink/sampling/epoch.hpp"

namespace brink::cli {

struct EpochSection {
  std::string last_batch = "smaller";

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(
        "last_batch", self.last_batch,
        "of a shuffled epoch, where the batch size does not divide the number of samples: a smaller batch (drop_last = "
        "False), or dropped (True)",
        "smaller or dropped");
  }

  /// Throws InvalidInput for another word, and for "dropped" where nothing is shuffled.
  [[nodiscard]] LastBatch checked(bool is_shuffled) const {
    const LastBatch last = last_batch_of(last_batch);
    check_argument(is_shuffled || last == LastBatch::smaller, "command line", "--last-batch", last_batch,
                   "shuffled epochs (--reshuffling, or --sampling reshuffled)");
    return last;
  }
};

}  // namespace brink::cli
