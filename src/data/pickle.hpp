#pragma once
// The part of Python's pickle format (protocol 2) that torch.save writes around tensors, as data that nobody runs.
//
// A pickle is a program for a stack machine that may call any function of any module. Here a call is only recorded, and
// only of names on a list; what would make the machine do anything else is refused.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace brink::pickle {

using Id = std::uint32_t;  ///< of a value, its place in Graph::values

enum class Kind {
  nothing,     ///< None, and numbers that are no integers of 64 bits
  integer,     ///< truth values too
  text,        ///< text, in the bytes of the pickle
  sequence,    ///< list or tuple: items
  dictionary,  ///< dict or OrderedDict: key, value, key, value, …
  global,      ///< text = "module name"
  call,        ///< items: a global, then the arguments
  persistent,  ///< items: what stands for something stored elsewhere
};

struct Value {
  Kind kind = Kind::nothing;
  std::int64_t integer = 0;
  std::string_view text;
  std::vector<Id> items;
};

/// Values refer to each other, perhaps in circles.
struct Graph {
  std::vector<Value> values;
  Id root = 0;
};

/// Reads a pickle, which `bytes` must outlive. Names other than those in `allowed` ("module name") and
/// "collections OrderedDict" are refused, and so is every operation that torch.save does not need for containers of
/// tensors. Throws InvalidInput that calls the file `path`. Time and memory are linear in the number of bytes.
[[nodiscard]] Graph read(std::string_view bytes, const std::vector<std::string_view>& allowed,
                         const std::filesystem::path& path);

}  // namespace brink::pickle
