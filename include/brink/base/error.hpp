#pragma once
// Errors of the library, and the one form of message that every broken precondition uses.
//
//   function: argument = value, need allowed
//
// The command line maps InvalidInput to exit code 2, NotConverged to 3, Interrupted to 130.

#include <stdexcept>
#include <string>
#include <string_view>

namespace brink {

/// A precondition of the caller is broken. The message names the argument, the value and what is allowed.
class InvalidInput : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// A numerical method stopped before it reached its tolerance. The message gives the residual and advice.
class NotConverged : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The user asked to stop (Ctrl-C, SIGTERM): the current unit of work was finished or dropped, nothing is half-written.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws InvalidInput("function: argument = value, need allowed").
[[noreturn]] void fail_argument(std::string_view function, std::string_view argument, std::string_view value,
                                std::string_view allowed);
[[noreturn]] void fail_argument(std::string_view function, std::string_view argument, double value,
                                std::string_view allowed);

/// Throws InvalidInput unless `condition`; the message has the form above.
template <class Value>
void check_argument(bool condition, std::string_view function, std::string_view argument, const Value& value,
                    std::string_view allowed) {
  if (condition) return;
  if constexpr (std::is_arithmetic_v<Value>) {
    fail_argument(function, argument, static_cast<double>(value), allowed);
  } else {
    fail_argument(function, argument, std::string_view(value), allowed);
  }
}

}  // namespace brink
