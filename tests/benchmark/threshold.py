"""Thresholds: brink against SciPy as it comes and tuned, one cell and a grid of 40; values first, then times."""

import sys
import tempfile

import numpy as np
from common import best_of, gaussian_rows, openblas_kernels, run_brink, table
from scipy_threshold import PencilThreshold

SIZES = ((400, 200), (1000, 500), (2000, 1000))
MOMENTA = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
BATCH_SIZES = (1, 4, 16, 64, 256)


def brink_thresholds(program, file, momenta, batch_sizes):
    document = run_brink(program, "threshold", "--jacobian", file, "--rule", "heavy-ball",
                         "--momentum", ",".join(map(str, momenta)), "--batch", ",".join(map(str, batch_sizes)))
    return [row["eta_mean_square"] for row in document["rows"]]


HEADER = ("n", "r", "cells", "SciPy, s", "tuned SciPy, s", "brink, s", "ratio", "ratio to tuned",
          "largest relative difference")


def line(n, r, cells, plain, tuned, ours, difference):
    return (f"{n}", f"{r}", f"{cells}", f"{plain:.3g}", f"{tuned:.3g}", f"{ours:.3g}", f"{plain / ours:.1f}",
            f"{tuned / ours:.1f}", f"{difference:.0e}")


def measure(program):
    """Rows (n, r, cells, seconds of SciPy, of tuned SciPy and of brink, largest relative difference of the values)."""
    rows = []
    for samples, rank in SIZES:
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            np.save(file.name, gaussian_rows(samples, rank))
            for momenta, batch_sizes in (((0.9,), (4,)), (MOMENTA, BATCH_SIZES)):
                cells = len(momenta) * len(batch_sizes)
                if samples * cells > 50_000 and openblas_kernels() == "Prescott":
                    continue  # a quarter of an hour
                repetitions = 5 if samples * cells < 1000 else 3 if cells == 1 else 1  # the same for both
                ours, our_time = best_of(
                    repetitions, lambda: brink_thresholds(program, file.name, momenta, batch_sizes))
                times = []
                difference = 0.0
                for tuned in (False, True):
                    theirs, time = best_of(
                        repetitions, lambda: PencilThreshold(np.load(file.name), tuned).grid(momenta, batch_sizes))
                    times.append(time)
                    difference = max(difference, float(np.max(np.abs(np.array(ours) / np.array(theirs) - 1))))
                if not difference < 1e-7:
                    raise SystemExit(f"threshold: n = {samples}, r = {rank}: brink and SciPy differ by {difference:g}")
                rows.append((samples, rank, cells, *times, our_time, difference))
                print(f"  n = {samples}, r = {rank}, {cells} cells: {times[0]:.3g} s, tuned {times[1]:.3g} s, "
                      f"brink {our_time:.3g} s", file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    print(table(HEADER, [line(*row) for row in measure(sys.argv[1])]))
