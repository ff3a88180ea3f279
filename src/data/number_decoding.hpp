#pragma once
// Numbers of files as doubles.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace brink {

/// Decodes `count` numbers of type Number; `convert` makes a double of one.
template <class Number, class Convert>
void decode_as(const char* bytes, std::size_t count, bool swap, double* out, Convert convert) {
  for (std::size_t i = 0; i < count; ++i) {
    char one[sizeof(Number)];
    std::memcpy(one, bytes + i * sizeof(Number), sizeof(Number));
    if (swap) std::reverse(one, one + sizeof(Number));
    Number number;
    std::memcpy(&number, one, sizeof(Number));
    out[i] = convert(number);
  }
}

/// The same by NumPy's name of the type, "<f8": byte order, kind, size; one that read_npy_header accepts, or "<bf2" for
/// bfloat16, for which NumPy has no name.
void decode_numbers(const std::string& type, const char* bytes, std::size_t count, double* out);

/// Machine epsilon of such a type, named without its byte order: integers are as exact as double.
[[nodiscard]] double epsilon_of(std::string_view type);

}  // namespace brink
