#pragma once
// The matrix types of Brink. Samples are rows, so sample blocks are row-major; symmetric r × r matrices are Eigen's
// default.

#include <Eigen/Core>

namespace brink {

using Index = Eigen::Index;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Single precision, for work that is repeated in double before anybody sees it.
using SingleVector = Eigen::VectorXf;
using SingleMatrix = Eigen::MatrixXf;
using SingleRowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace brink
