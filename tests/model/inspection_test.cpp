#include "brink/model/inspection.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/data/npy.hpp"
#include "data/support.hpp"
#include "model/numbers.hpp"

using namespace brink;
using namespace brink::test;
using Catch::Contains;

TEST_CASE("inspection says what an array is", "[fast][model]") {
  const TemporaryDirectory directory;
  const RowMatrix j = numbers(6, 6, 0.2);
  write_npy(directory.path() / "J.npy", j);
  const ArrayInspection seen = inspect_array(directory.path() / "J.npy");
  CHECK(seen.shape == std::vector<Index>{6, 6});
  CHECK(seen.type == "<f8");
  CHECK(seen.order == "C");
  CHECK(seen.bytes == 288);
  CHECK(seen.largest == j.maxCoeff());
  CHECK(seen.smallest == j.minCoeff());
  CHECK_THAT(seen.conventions.at(0), Contains("n*c = 6, p = 6"));
  CHECK_THAT(seen.conventions.at(1), Contains("gram"));
  CHECK_THAT(seen.problems.at(0), Contains("not symmetric"));
  write_npy(directory.path() / "K.npy", RowMatrix(j * j.transpose()));
  CHECK(inspect_array(directory.path() / "K.npy").problems.empty());

  RowMatrix broken = j;
  broken(2, 3) = NAN;
  write_npy(directory.path() / "N.npy", broken);
  CHECK_THAT(inspect_array(directory.path() / "N.npy").problems.at(0), Contains("[2, 3] is nan"));
  write_npy(directory.path() / "L.npy", {36}, j.data());
  CHECK_THAT(inspect_array(directory.path() / "L.npy").problems.at(0), Contains("(36,)"));
  const RowMatrix zero = RowMatrix::Zero(2, 9);
  write_npy(directory.path() / "Z.npy", {2, 3, 3}, zero.data());
  const ArrayInspection zeros = inspect_array(directory.path() / "Z.npy");
  CHECK(zeros.conventions.size() == 3);
  CHECK_THAT(zeros.problems.at(0), Contains("every entry is zero"));
  CHECK_THAT(refusal([&] { (void)inspect_array(directory.path() / "no.npy"); }), Contains("no.npy"));
}

TEST_CASE("inspection summarizes a model", "[fast][model]") {
  const TemporaryDirectory directory;
  RowMatrix a = RowMatrix::Zero(2, 2);
  a(0, 0) = 2;
  a(1, 1) = 4;
  write_npy(directory.path() / "J.npy", a);
  const ModelInspection seen =
      inspect_model(load_model({{"kind", std::string("jacobian")}, {"file", std::string("J.npy")}}, directory.path()));
  CHECK(seen.kind == "jacobian");
  CHECK(seen.route == "rows");
  CHECK(seen.samples == 2);
  CHECK(seen.top == std::vector<double>{8, 2});
  CHECK(seen.trace == Approx(10));
  CHECK(seen.effective_dimension == Approx(100.0 / 68).epsilon(1e-14));
  CHECK(seen.largest_sample == Approx(16));
  CHECK(seen.mean_sample == Approx(10));
  CHECK(seen.smallest == Approx(2));
  CHECK(seen.consistency < 1e-15);
  CHECK(seen.interpolates);
  CHECK_FALSE(seen.indefinite);
  const ModelInspection population =
      inspect_model(load_model({{"kind", std::string("quadratic")}, {"rows", std::string("fresh-gaussian")}}, "."));
  CHECK(population.samples == 0);
  CHECK(population.rank == 100);
  CHECK(population.top.size() == 10);
}
