#pragma once
// Memory is asked for before it is taken: a model that would not fit is refused with the estimate.

#include <cstdint>
#include <string_view>

namespace brink {

/// Bytes this process may still allocate: the least of the machine's available memory, the control group's limit and
/// the address-space limit of the process.
[[nodiscard]] std::uint64_t available_memory();

/// Throws InvalidInput with both numbers when `bytes` exceeds available_memory(); `what` names the object.
void require_memory(double bytes, std::string_view what);

/// For the start of a program: matrices of megabytes come and go many times a second, and getting their pages from the
/// system costs more than filling them. Freed memory is kept, and the heap asks for huge pages (as NumPy does).
void prepare_heap();

}  // namespace brink
