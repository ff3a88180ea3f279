"""What the benchmark scripts share: timing, running brink, facts about the machine."""

import ctypes
import json
import os
import subprocess
import sys
import time

import numpy as np


def table(header, rows):
    """A table in Markdown."""
    lines = ["| " + " | ".join(header) + " |", "|" + " ---: |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def better_kernels():
    """What makes OpenBLAS take the kernels of SkylakeX where it does not know the processor, which can run them."""
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        unknown = openblas_kernels() == "Prescott" and "avx512vl" in cpuinfo.read()
    return {"OPENBLAS_CORETYPE": "SkylakeX"} if unknown else {}


def under_each_choice_of_kernels(script, *arguments):
    """What a script beside this one prints with OpenBLAS as it comes and, where there are any, with better kernels."""
    choices = {"OpenBLAS as it comes": {}}
    if better_kernels():
        choices["The kernels for SkylakeX on both sides (`OPENBLAS_CORETYPE`)"] = better_kernels()
    sections = []
    for name, variables in choices.items():
        print(f"  {name}", file=sys.stderr, flush=True)
        path = os.path.join(os.path.dirname(__file__), script)
        lines = subprocess.run([sys.executable, path, *arguments], check=True, env={**os.environ, **variables},
                               stdout=subprocess.PIPE, text=True).stdout
        sections.append(f"{name}:\n\n{lines.rstrip()}")
    return "\n\n".join(sections)


def best_of(repetitions, work):
    """(result, seconds) of the fastest of several runs of work()."""
    result, best = None, float("inf")
    for _ in range(repetitions):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return result, best


def run_brink(program, *arguments):
    """The JSON that one single-threaded brink process prints."""
    command = [program, *map(str, arguments), "--threads", "1", "--format", "json", "--quiet"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def gaussian_rows(samples, rank, seed=0):
    """Independent standard normal rows (samples x rank)."""
    return np.random.default_rng(seed).standard_normal((samples, rank))


def require_openblas():
    """A rival on the reference BLAS would be no rival."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        if "openblas" not in maps.read():
            raise SystemExit("NumPy does not run on OpenBLAS here: install libopenblas0 and choose it as libblas.so.3")
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        raise SystemExit("set OPENBLAS_NUM_THREADS=1: both sides run on one thread")


def openblas_kernels():
    """The processor that OpenBLAS takes this one for, which decides how fast it is."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        path = next(line.split()[-1] for line in maps if "openblas" in line)
    name = ctypes.CDLL(path).openblas_get_corename
    name.restype = ctypes.c_char_p
    return name().decode()


def copy_bandwidth(numbers):
    """GB/s of a copy of that many doubles, read and write counted, best of many."""
    source, target = np.ones(numbers), np.empty(numbers)
    repetitions = max(5, 20_000_000 // numbers)
    _, seconds = best_of(repetitions, lambda: np.copyto(target, source))
    return 16e-9 * numbers / seconds


def read_bandwidth(numbers):
    """GB/s of reading that many doubles again and again (OpenBLAS ddot of an array with itself), best of many."""
    source = np.ones(numbers)
    repetitions = max(5, 20_000_000 // numbers)
    _, seconds = best_of(repetitions, lambda: np.dot(source, source))
    return 8e-9 * numbers / seconds


def matrix_product_speed(size=1500):
    """GF/s of this machine's DGEMM through NumPy, one thread."""
    a = np.random.default_rng(1).standard_normal((size, size))
    product = np.empty_like(a)
    _, seconds = best_of(5, lambda: np.matmul(a, a, out=product))
    return 2e-9 * size**3 / seconds


def machine_facts(brink_compiler):
    """Lines that say what was measured on."""
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        processor = next(line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name"))
    import scipy

    return [
        f"Processor: {processor}, {os.cpu_count()} cores; every measurement on one thread.",
        f"Compiler: {brink_compiler}. NumPy {np.__version__}, SciPy {scipy.__version__}, OpenBLAS on both sides, with "
        f"its kernels for {openblas_kernels()}.",
        f"DGEMM (1500 × 1500, NumPy, one thread): {matrix_product_speed():.1f} GF/s. "
        f"Copy of 400 MB, read and write counted: {copy_bandwidth(25_000_000):.1f} GB/s.",
    ]
