// The per-sample Jacobian of a network at given parameters, so that another framework can be held against it.
//
//   brink_network_rows ARCHITECTURE WIDTHS ACTIVATION INPUTS.npy THETA.npy SINGLE.npy DOUBLE.npy
//
// ARCHITECTURE is fully-connected (WIDTHS: inputs,hidden,…,outputs) or convolutional (WIDTHS:
// side,kernel,channels,…,outputs). Written: J (n·c × p) computed in single and in double precision.

#include <cstdio>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "brink/data/npy.hpp"
#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"

namespace {

using brink::Index;

std::vector<Index> numbers_of(const std::string& text) {
  std::vector<Index> numbers;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) numbers.push_back(std::stol(part));
  return numbers;
}

brink::Network network_of(const std::string& architecture, const std::vector<Index>& widths,
                          const std::string& activation) {
  if (architecture == "fully-connected") return brink::fully_connected(widths, activation, true);
  if (architecture != "convolutional" || widths.size() < 4) throw std::runtime_error("unknown architecture");
  return brink::convolutional(widths[0], {widths.begin() + 2, widths.end() - 1}, widths[1], widths.back(), activation);
}

template <class Real>
void write_rows(const brink::Network& network, const brink::RowMatrix& inputs, const brink::Vector& theta,
                const std::string& file) {
  const brink::RowMatrix targets = brink::RowMatrix::Zero(inputs.rows(), network.outputs);
  const auto objective = brink::make_network_objective<Real>(network, inputs, targets, brink::LossKind::half_square);
  brink::RowMatrixOf<Real> rows;
  objective->jacobian(theta.cast<Real>(), objective->all(), rows);
  brink::write_npy(file, brink::RowMatrix(rows.template cast<double>()));
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 8) throw std::runtime_error("need 7 arguments");
  const brink::Network network = network_of(arguments[1], numbers_of(arguments[2]), arguments[3]);
  const brink::RowMatrix inputs = brink::read_npy(arguments[4]).values;
  const brink::RowMatrix theta = brink::read_npy(arguments[5]).values;
  const Eigen::Map<const brink::Vector> flat(theta.data(), theta.size());
  write_rows<float>(network, inputs, flat, arguments[6]);
  write_rows<double>(network, inputs, flat, arguments[7]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "brink_network_rows: %s\n", error.what());
  return 2;
}
