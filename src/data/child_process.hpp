#pragma once
// Work that may crash, in a process of its own.

#include <functional>
#include <optional>
#include <string>

namespace brink {

/// What `work` returns, computed in a copy of this process that may use `seconds` of processor time; nothing where that
/// copy crashed or took longer. Memory that is shared (mmap) is the only other thing `work` can leave behind. Throws
/// InvalidInput with the message of whatever exception `work` throws, and where no process can be started. Threads wait
/// for each other.
[[nodiscard]] std::optional<std::string> in_child_process(const std::function<std::string()>& work,
                                                          unsigned long seconds);

}  // namespace brink
