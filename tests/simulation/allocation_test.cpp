// The step loop allocates nothing: operator new is counted, on the thread that steps.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "brink/simulation/controls.hpp"
#include "brink/simulation/reshuffled_engine.hpp"
#include "simulation/setting.hpp"

namespace {

thread_local bool counting = false;
thread_local long allocations = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  if (counting) ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

using namespace brink;
using simulation_test::dynamics;

namespace {

long allocations_of_steps(const Engine& engine, Index replicas) {
  RowMatrix states(replicas, engine.state_size());
  for (std::uint32_t i = 0; i < replicas; ++i) engine.initialize(i, states.row(i).data());
  engine.advance(0, 0, replicas, states.data());  // the workspace of the thread
  allocations = 0;
  counting = true;
  for (std::uint32_t step = 1; step < 50; ++step) engine.advance(step, 0, replicas, states.data());
  counting = false;
  return allocations;
}

}  // namespace

TEST_CASE("steps allocate nothing", "[simulation][fast]") {
  counting = true;
  allocations = 0;
  delete new int(3);
  counting = false;
  REQUIRE(allocations == 1);  // the counter counts

  const LinearizedModel model = oracle::random_rows(40, 21, 2, 3).model();
  const LinearizedModel noisy = oracle::with_gradients(oracle::random_rows(40, 21, 2, 3), 4).model();
  for (const std::string& law : oracle::finite_laws()) {
    for (const int batch_size : {1, 8, 35}) {
      CAPTURE(law, batch_size);
      const auto d = dynamics(oracle::heavy_ball(0.9), law, batch_size, 0.01);
      CHECK(allocations_of_steps(*make_linear_engine(model, d), 40) == 0);
      CHECK(allocations_of_steps(*make_linear_engine(noisy, d, true), 40) == 0);
    }
  }
  const auto d = dynamics(oracle::nesterov(0.9), "without-replacement", 3, 0.01);
  CHECK(allocations_of_steps(*make_linear_engine(oracle::random_rows(300, 150, 1, 3).model(), d), 40) == 0);
  for (const auto control : {NoiseControl::gaussian, NoiseControl::isotropic, NoiseControl::frozen}) {
    CHECK(allocations_of_steps(*make_noise_control_engine(model, d, control), 20) == 0);
  }
  for (const auto order : {BatchOrder::reshuffled, BatchOrder::cyclic, BatchOrder::fixed}) {
    CHECK(allocations_of_steps(*make_batch_order_engine(model, {40, 3}, order, d), 20) == 0);
  }
  const auto fresh = dynamics(oracle::heavy_ball(0.9), "gaussian", 3, 0.01);
  CHECK(allocations_of_steps(*make_linear_engine(model, fresh), 20) == 0);
}
