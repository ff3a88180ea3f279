# shellcheck shell=bash
# What every script under tools/ and .ci/run shares: the Debian packages, their installation, and the size of a build.
# Meant to be sourced; defines functions and constants only.

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# The one list of packages (Debian 12): what for, which, and why.
package_table() {
  cat <<'END'
build      g++                    the compiler, with OpenMP
build      cmake                  the build
build      ninja-build            the generator named in CMakePresets.json
build      libeigen3-dev          dense linear algebra, part of the interface
build      libspectra-dev         top eigenvalues
build      libboost-dev           Boost.Math: roots, quadrature, distributions
build      libopenblas-dev        dense products, and LAPACK itself
build      liblapacke-dev         LAPACK from C++: dense eigenvalues
build      librandom123-dev       Philox random streams
build      zlib1g-dev             compressed data sets
build      libhdf5-dev            data sets in HDF5
build      libfmt-dev             text
build      libtomlplusplus-dev    configurations
build      nlohmann-json3-dev     results
build      libcli11-dev           the command line
build      catch2                 the tests
run        gnuplot-nox            figures
run        fonts-liberation       the serif font of the figures
run        dataset-fashion-mnist  70,000 real images
mpi        libopenmpi-dev         sweeps over the ranks of a job, optional
mpi        openmpi-bin            mpirun, for the tests of that
format     clang-format           the format of the sources, checked by .ci/run
fuzz       clang                  the compiler with libFuzzer
fuzz       libclang-rt-14-dev     libFuzzer and the sanitizers of clang
benchmark  libbenchmark-dev       the C++ half of tests/benchmark
benchmark  python3-numpy          the NumPy half
benchmark  python3-scipy          the SciPy half
interop    python3-torch          the tests against PyTorch, and tools/export_torch.py
interop    python3-numpy          the arrays between the two
interop    chromium               the page of a run, in a real browser
END
}

# packages_for PURPOSE...: their names, one a line.
packages_for() {
  local purpose
  for purpose in "$@"; do
    package_table | awk -v purpose="$purpose" '$1 == purpose {print $2}'
  done
}

# missing_packages NAME...: those that dpkg does not hold, one a line.
missing_packages() {
  local name
  for name in "$@"; do
    if [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" != installed* ]]; then
      printf '%s\n' "$name"
    fi
  done
}

# ensure_packages PURPOSE...: installs what is missing as root or through sudo; otherwise prints the one line that does
# it and exits 2.
ensure_packages() {
  local -a wanted missing as_root=()
  mapfile -t wanted < <(packages_for "$@")
  if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system: going on in the hope that it has the equivalents of: ${wanted[*]}" >&2
    return
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]})) || return 0

  local -r install="apt-get install -y --no-install-recommends"
  if ((EUID != 0)); then
    # sudo may ask for a password only where somebody can answer.
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; }; then
      as_root=(sudo)
    else
      echo "Packages are missing, and this user cannot install them. Run this as root, then run this script again:" >&2
      echo "apt-get update && $install ${missing[*]}"
      exit 2
    fi
  fi
  echo "Installing ${missing[*]}" >&2
  local -ra apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
  if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >&2; then
    echo "apt-get failed. Once its complaint above is mended, this is what is needed:" >&2
    echo "apt-get update && $install ${missing[*]}"
    exit 2
  fi
}

# build_jobs KIB: how many compilers may run at once: one a core, each with room for KIB of memory.
build_jobs() {
  local -i cores memory jobs
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  jobs=$((memory / $1))
  ((jobs < cores)) || jobs=cores
  ((jobs > 0)) || jobs=1
  echo "$jobs"
}

# build_preset PRESET [CMake build option...]: configures, with BRINK_CONFIGURE where that is set, and builds; what is
# up to date is left alone.
build_preset() {
  local -r preset=$1
  shift
  cmake --preset "$preset" -S "$repository" -Wno-dev --log-level=WARNING ${BRINK_CONFIGURE:+"$BRINK_CONFIGURE"}
  cmake --build "$repository/build/$preset" --parallel "$(build_jobs 2200000)" "$@"
}
