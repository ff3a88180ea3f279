#include "number_decoding.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace brink {
namespace {

double from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  double magnitude = 0;
  if (exponent == 31) {
    magnitude = mantissa == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    magnitude = std::ldexp(mantissa, -24);
  } else {
    magnitude = std::ldexp(1024 + mantissa, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

double from_brain_float(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}  // namespace

void decode_numbers(const std::string& type, const char* bytes, std::size_t count, double* out) {
  const bool swap = type[0] == (std::endian::native == std::endian::little ? '>' : '<');
  const auto plain = [](auto number) { return static_cast<double>(number); };
  const std::string name = type.substr(1);
  if (name == "f8") return decode_as<double>(bytes, count, swap, out, plain);
  if (name == "f4") return decode_as<float>(bytes, count, swap, out, plain);
  if (name == "f2") return decode_as<std::uint16_t>(bytes, count, swap, out, from_half);
  if (name == "bf2") return decode_as<std::uint16_t>(bytes, count, swap, out, from_brain_float);
  if (name == "i8") return decode_as<std::int64_t>(bytes, count, swap, out, plain);
  if (name == "i4") return decode_as<std::int32_t>(bytes, count, swap, out, plain);
  if (name == "i2") return decode_as<std::int16_t>(bytes, count, swap, out, plain);
  if (name == "i1") return decode_as<std::int8_t>(bytes, count, swap, out, plain);
  if (name == "u8") return decode_as<std::uint64_t>(bytes, count, swap, out, plain);
  if (name == "u4") return decode_as<std::uint32_t>(bytes, count, swap, out, plain);
  if (name == "u2") return decode_as<std::uint16_t>(bytes, count, swap, out, plain);
  if (name == "u1") return decode_as<std::uint8_t>(bytes, count, swap, out, plain);
  decode_as<std::uint8_t>(bytes, count, swap, out, [](std::uint8_t truth) { return truth != 0 ? 1.0 : 0.0; });
}

double epsilon_of(std::string_view type) {
  if (type == "f4") return std::numeric_limits<float>::epsilon();
  if (type == "f2") return 0x1p-10;
  if (type == "bf2") return 0x1p-7;
  return std::numeric_limits<double>::epsilon();
}

}  // namespace brink
