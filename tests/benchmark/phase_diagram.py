"""A phase diagram of 200 batch sizes and 200 step sizes on 256 Gaussian rows of rank 200: cells, bounds, seconds.

The interpolated growth rates are compared with computed ones of a second, finer first grid. tests/benchmark/run has it in its page;
alone, on a quiet machine:

    OPENBLAS_NUM_THREADS=1 /usr/bin/python3 tests/benchmark/phase_diagram.py build/benchmark/brink
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from common import gaussian_rows

SAMPLES, RANK, CELLS = 256, 200, 200
MOST_CELLS, MOST_SECONDS, BOUNDARY = 3000, 180, 1e-3
CONFIGURATION = """[model]
kind = "jacobian"
file = "rows.npy"
[optimizer]
rule = "{rule}"
momentum = {momentum}
[sweep]
x_scale = "linear"
x_range = [1, {cells}]
x_cells = {cells}
y_range = [0.001, 1.0]
y_cells = {cells}
coarse = {coarse}
quantities = ["growth"]
"""


def sweep(program, directory, rule, momentum, coarse):
    """The result of one sweep on two threads, and the seconds of the whole process, figures included."""
    with open(os.path.join(directory, "s.toml"), "w", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(rule=rule, momentum=momentum, cells=CELLS, coarse=coarse))
    start = time.perf_counter()
    output = subprocess.run([program, "sweep", "s.toml", "--out", f"{rule}-{coarse}", "--threads", "2", "--quiet",
                             "--format", "json"], cwd=directory, check=True, stdout=subprocess.PIPE).stdout
    return json.loads(output), time.perf_counter() - start


def measure_rule(program, directory, rule, momentum):
    """One line of the table; SystemExit where a promise is broken."""
    result, seconds = sweep(program, directory, rule, momentum, 20)
    finer, _ = sweep(program, directory, rule, momentum, 13)
    pairs = [(a, b) for a, b in zip(result["cells"], finer["cells"]) if a.get("interpolated") and b["computed"]]
    errors = np.array([abs(a["log_growth"] - b["log_growth"]) for a, b in pairs])
    allowed = np.array([a["log_growth_error"] + b["log_growth_error"] for a, b in pairs])
    bounds = [cell["log_growth_error"] for cell in result["cells"] if cell.get("interpolated")]
    residual = max(cell["residual"] for cell in result["cells"] if cell["computed"])
    computed = result["cells_computed"]
    if computed > MOST_CELLS or seconds > MOST_SECONDS or residual > BOUNDARY:
        raise SystemExit(f"{rule}: {computed} cells, {seconds:.0f} s, residual {residual:.0e}: more than promised")
    outside = int(np.sum(errors > allowed))
    if rule == "sgd" and outside > 0:
        raise SystemExit("sgd: a proven bound does not hold")
    return (rule, f"{momentum[0]:g}", f"{computed}", f"{len(bounds)}", f"{np.median(bounds):.1e}",
            f"{np.quantile(bounds, 0.99):.1e}", f"{max(bounds):.1e}", f"{outside} of {len(pairs)}", f"{errors.max():.1e}",
            f"{residual:.0e}", f"{seconds:.1f}")


HEADER = ("rule", "β", "cells computed", "interpolated", "median bound", "99% of bounds below", "largest bound",
          "held out, outside the bound", "largest error", "residual of the boundary", "seconds")


def measure(program):
    """The rows of a table with the columns of HEADER."""
    with tempfile.TemporaryDirectory() as directory:
        np.save(os.path.join(directory, "rows.npy"), gaussian_rows(SAMPLES, RANK))
        return [measure_rule(os.path.abspath(program), directory, rule, momentum)
                for rule, momentum in (("sgd", [0.0]), ("heavy-ball", [0.9]))]


if __name__ == "__main__":
    for line in (HEADER, *measure(sys.argv[1])):
        print(" | ".join(line))
