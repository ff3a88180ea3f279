#include "oracle/random.hpp"

namespace oracle {

Matrix random_rotation(int d, Random& random) {
  Matrix q = random.normals(d, d);
  for (int column = 0; column < d; ++column) {
    for (int pass = 0; pass < 2; ++pass)
      for (int other = 0; other < column; ++other) q.col(column) -= q.col(other).dot(q.col(column)) * q.col(other);
    q.col(column) /= q.col(column).norm();
  }
  return q;
}

}  // namespace oracle
