#include "brink/base/error.hpp"

#include <fmt/format.h>

namespace brink {

void fail_argument(std::string_view function, std::string_view argument, std::string_view value,
                   std::string_view allowed) {
  throw InvalidInput(fmt::format("{}: {} = {}, need {}", function, argument, value, allowed));
}

void fail_argument(std::string_view function, std::string_view argument, double value, std::string_view allowed) {
  throw InvalidInput(fmt::format("{}: {} = {:.12g}, need {}", function, argument, value, allowed));
}

}  // namespace brink
