#pragma once
// A number that reaches a user always travels with its error, the meaning of that error, and the method.

#include <string>
#include <vector>

namespace brink {

/// What `Estimate::error` means.
enum class ErrorKind {
  residual,        ///< bound or a-posteriori estimate of the error of a deterministic computation
  standard_error,  ///< one standard deviation of a random estimate
};

/// A value with its error, the way it was obtained, and everything a reader should be warned of.
struct Estimate {
  double value = 0;
  double error = 0;  ///< absolute, in the unit of `value`, never negative
  ErrorKind kind = ErrorKind::residual;
  std::string method;
  std::vector<std::string> warnings;
};

}  // namespace brink
