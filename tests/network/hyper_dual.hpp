#pragma once
// Forward automatic differentiation by nested dual numbers, a + bε with ε² = 0: the independent reference for
// derivatives of any order along given directions. Written for the tests.

#include <cmath>

namespace brink::test {

template <class T>
struct Dual {
  T value{};
  T slope{};
  Dual() = default;
  Dual(double v) : value(v) {}  // NOLINT: numbers are dual numbers
  Dual(const T& v, const T& s) : value(v), slope(s) {}
};

template <class T>
Dual<T> operator+(const Dual<T>& a, const Dual<T>& b) {
  return {a.value + b.value, a.slope + b.slope};
}
template <class T>
Dual<T> operator-(const Dual<T>& a, const Dual<T>& b) {
  return {a.value - b.value, a.slope - b.slope};
}
template <class T>
Dual<T> operator*(const Dual<T>& a, const Dual<T>& b) {
  return {a.value * b.value, a.slope * b.value + a.value * b.slope};
}
template <class T>
Dual<T> operator/(const Dual<T>& a, const Dual<T>& b) {
  return {a.value / b.value, (a.slope * b.value - a.value * b.slope) / (b.value * b.value)};
}

inline double real_part(double x) { return x; }
template <class T>
double real_part(const Dual<T>& a) {
  return real_part(a.value);
}

inline double exp_of(double x) { return std::exp(x); }
inline double log_of(double x) { return std::log(x); }
inline double erf_of(double x) { return std::erf(x); }
template <class T>
Dual<T> exp_of(const Dual<T>& a) {
  return {exp_of(a.value), a.slope * exp_of(a.value)};
}
template <class T>
Dual<T> log_of(const Dual<T>& a) {
  return {log_of(a.value), a.slope / a.value};
}
template <class T>
Dual<T> erf_of(const Dual<T>& a) {
  return {erf_of(a.value), a.slope * exp_of(T(-1.0) * a.value * a.value) * T(2 / std::sqrt(M_PI))};
}
/// tanh from its definition.
template <class T>
T tanh_of(const T& a) {
  const T e = exp_of(T(2.0) * a);
  return (e - T(1.0)) / (e + T(1.0));
}

/// Three directions at once: the coefficient of ε₁ε₂ε₃ is a third derivative.
using Dual3 = Dual<Dual<Dual<double>>>;
inline Dual3 dual3(double value, double first, double second, double third) {
  return {Dual<Dual<double>>(Dual<double>(value, first), Dual<double>(second, 0)),
          Dual<Dual<double>>(Dual<double>(third, 0), Dual<double>(0, 0))};
}

}  // namespace brink::test
