#include "brink/linalg/packed_symmetric.hpp"

#include <numbers>

namespace brink {
namespace {

template <class Square, class Packed>
void pack(const Square& lower, Packed& packed) {
  using Scalar = typename Square::Scalar;
  const Index r = lower.rows();
  packed.resize(r * (r + 1) / 2);
  Index at = 0;
  for (Index j = 0; j < r; ++j) {
    packed[at] = lower(j, j);
    packed.segment(at + 1, r - j - 1) = std::numbers::sqrt2_v<Scalar> * lower.col(j).tail(r - j - 1);
    at += r - j;
  }
}

template <class Square, class Packed>
void unpack(const Packed& packed, Square& lower) {
  using Scalar = typename Square::Scalar;
  const Index r = lower.rows();
  Index at = 0;
  for (Index j = 0; j < r; ++j) {
    lower(j, j) = packed[at];
    lower.col(j).tail(r - j - 1) = packed.segment(at + 1, r - j - 1) / std::numbers::sqrt2_v<Scalar>;
    at += r - j;
  }
}

}  // namespace

void pack_symmetric(const Matrix& lower, Vector& packed) { pack(lower, packed); }
void pack_symmetric(const SingleMatrix& lower, SingleVector& packed) { pack(lower, packed); }

void unpack_symmetric(const Vector& packed, Matrix& lower) { unpack(packed, lower); }
void unpack_symmetric(const SingleVector& packed, SingleMatrix& lower) { unpack(packed, lower); }

void mirror_lower(Matrix& a) { a.triangularView<Eigen::StrictlyUpper>() = a.transpose(); }

}  // namespace brink
