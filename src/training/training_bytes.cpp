// A TrainingState as bytes: numbers as they are in memory, so that what is read back is the same to the last bit.

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>

#include "brink/base/error.hpp"
#include "brink/training/training.hpp"

namespace brink {
namespace {

constexpr std::string_view kMagic = "brink.training/1";

std::uint32_t checksum(std::string_view bytes) {
  // crc32 takes 32 bits of length at a time.
  constexpr std::size_t kPart = std::size_t{1} << 30;
  auto sum = ::crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, kPart);
    sum = ::crc32(sum, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
    bytes.remove_prefix(part.size());
  }
  return static_cast<std::uint32_t>(sum);
}

[[noreturn]] void fail(std::string_view found) {
  fail_argument("training_state_of", "bytes", found, "a whole state of this precision, as to_bytes wrote it");
}

class Writer {
 public:
  void raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }
  template <class Value>
  void value(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    raw(&value, sizeof value);
  }
  void count(std::size_t size) { value(static_cast<std::uint64_t>(size)); }
  template <class Item>
  void list(const Item* data, std::size_t size) {
    count(size);
    raw(data, size * sizeof(Item));
  }
  std::string finish() {
    const std::uint32_t sum = checksum(bytes_);
    value(sum);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::string_view raw(std::size_t size) {
    if (size > rest_.size()) fail("cut short");
    const auto part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }
  template <class Value>
  void value(Value& value) {
    std::memcpy(&value, raw(sizeof value).data(), sizeof value);
  }
  std::size_t count(std::size_t item) {
    std::uint64_t size = 0;
    value(size);
    if (size > rest_.size() / item) fail("cut short");
    return static_cast<std::size_t>(size);
  }
  template <class List>
  void list(List& list) {
    using Item = std::remove_reference_t<decltype(list[0])>;
    const auto size = count(sizeof(Item));
    list.resize(static_cast<decltype(list.size())>(size));
    if (size > 0) std::memcpy(list.data(), raw(size * sizeof(Item)).data(), size * sizeof(Item));
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

template <class Real>
std::string to_bytes(const TrainingState<Real>& state) {
  Writer out;
  out.raw(kMagic.data(), kMagic.size());
  out.value(static_cast<std::uint32_t>(sizeof(Real)));
  out.value(state.step);
  for (const auto* vector : {&state.rule.theta, &state.rule.buffers, &state.expansion_point})
    out.list(vector->data(), static_cast<std::size_t>(vector->size()));
  out.list(state.rule.counters.data(), state.rule.counters.size());
  out.value(state.eta);
  out.value(state.momentum);
  out.value(state.batch_size);
  out.value(state.stretch);
  out.value(state.stretch_begin);
  out.list(state.fired.data(), state.fired.size());
  out.list(state.fired_at.data(), state.fired_at.size());
  out.value(static_cast<std::int32_t>(state.model ? static_cast<int>(*state.model) : -1));
  out.count(state.records.size());
  for (const auto& record : state.records) out.list(record.data(), record.size());
  out.value(static_cast<std::int32_t>(state.status));
  out.list(state.reason.data(), state.reason.size());
  return out.finish();
}

template <class Real>
TrainingState<Real> training_state_of(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + sizeof(std::uint32_t) || bytes.substr(0, kMagic.size()) != kMagic)
    fail("something else");
  std::uint32_t sum = 0;
  const auto body = bytes.substr(0, bytes.size() - sizeof sum);
  std::memcpy(&sum, bytes.data() + body.size(), sizeof sum);
  if (sum != checksum(body)) fail("damaged");

  Reader in(body.substr(kMagic.size()));
  TrainingState<Real> state;
  std::uint32_t width = 0;
  in.value(width);
  if (width != sizeof(Real)) fail("of another precision");
  in.value(state.step);
  for (auto* vector : {&state.rule.theta, &state.rule.buffers, &state.expansion_point}) in.list(*vector);
  in.list(state.rule.counters);
  in.value(state.eta);
  in.value(state.momentum);
  in.value(state.batch_size);
  in.value(state.stretch);
  in.value(state.stretch_begin);
  in.list(state.fired);
  in.list(state.fired_at);
  std::int32_t model = 0;
  in.value(model);
  if (model >= 0) state.model = static_cast<LocalModelKind>(model);
  state.records.resize(in.count(sizeof(std::uint64_t)));
  for (auto& record : state.records) in.list(record);
  std::int32_t status = 0;
  in.value(status);
  state.status = static_cast<TrainingStatus>(status);
  in.list(state.reason);
  if (!in.done()) fail("too long");
  return state;
}

template std::string to_bytes(const TrainingState<float>&);
template std::string to_bytes(const TrainingState<double>&);
template TrainingState<float> training_state_of(std::string_view);
template TrainingState<double> training_state_of(std::string_view);

}  // namespace brink
