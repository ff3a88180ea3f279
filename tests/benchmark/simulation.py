"""Trajectories: brink simulate against batched NumPy, heavy ball, batches without replacement, double precision. The
Lyapunov exponents of the two are compared first, then replica-steps per second.

Brink is timed as a whole process at two lengths; the difference leaves out start-up and the eigendecomposition.
"""

import math
import sys
import tempfile

import numpy as np
from common import best_of, gaussian_rows, read_bandwidth, run_brink, table
from numpy_simulation import fastest_settings, lyapunov

MOMENTUM = 0.9
#         r     B     n   replicas, short and long run of brink, steps of NumPy
SHAPES = ((20, 4, 1000, 4096, 200, 2200, 400),
          (100, 8, 1000, 1024, 200, 2200, 400),
          (500, 16, 1000, 256, 200, 2200, 200),
          (1000, 64, 2000, 64, 100, 1100, 100))
BURN_IN = 100


def brink_growth(program, file, batch_size, eta, replicas, steps):
    document = run_brink(program, "simulate", "--jacobian", file, "--rule", "heavy-ball", "--momentum", MOMENTUM,
                         "--batch", batch_size, "--eta", eta, "--method", "lyapunov", "--replicas", replicas,
                         "--steps", steps, "--burn-in", BURN_IN)
    return document["rows"][0]


def eigenbasis_rows(rows):
    """The rows in the eigenbasis of H: what both sides step through."""
    _, basis = np.linalg.eigh(rows.T @ rows)
    return rows @ basis


def measure_shape(program, rank, batch_size, samples, replicas, short, long, numpy_steps):
    rows = gaussian_rows(samples, rank)
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, rows)
        threshold = run_brink(program, "threshold", "--jacobian", file.name, "--rule", "heavy-ball", "--momentum",
                              MOMENTUM, "--batch", batch_size)["rows"][0]["eta_mean_square"]
        eta = 0.5 * threshold

        def run(steps):
            return brink_growth(program, file.name, batch_size, eta, replicas, steps)

        _, short_time = best_of(3, lambda: run(short))
        _, long_time = best_of(3, lambda: run(long))
        # Values are compared over the same steps: the transient of a large model outlasts them.
        ours = run(numpy_steps)
    our_speed = replicas * (long - short) / (long_time - short_time)

    basis_rows = eigenbasis_rows(rows)
    chunk, draw, product = fastest_settings(basis_rows, batch_size, eta, MOMENTUM)
    runs = [lyapunov(basis_rows, batch_size, eta, MOMENTUM, max(replicas, chunk), numpy_steps, BURN_IN, chunk, draw,
                     product, seed) for seed in (1, 2, 3)]
    value, error = runs[0][:2]
    their_speed = max(speed for _, _, speed in runs)

    spread = math.hypot(error, ours["lyapunov_standard_error"])
    difference = abs(value - ours["lyapunov"])
    if not difference < 5 * spread + 0.01 * abs(value):
        raise SystemExit(f"simulation: r = {rank}, B = {batch_size}: brink {ours['lyapunov']}, NumPy {value}")
    return {
        "rank": rank, "batch": batch_size, "samples": samples, "ours": our_speed, "theirs": their_speed,
        "settings": f"{draw}, {product}, {chunk}", "ours_value": ours["lyapunov"], "theirs_value": value,
        "spread": spread, "bandwidth": our_speed * batch_size * rank * 8e-9,
        "read": read_bandwidth(samples * rank),
    }


HEADER = ("r", "B", "n", "NumPy, M/s", "brink, M/s", "ratio", "rows streamed, GB/s", "reading them in order, GB/s",
          "of that", "fastest NumPy", "exponent, NumPy", "exponent, brink", "standard error")


def measure(program):
    """The rows of a table with the columns of HEADER."""
    return [(f"{m['rank']}", f"{m['batch']}", f"{m['samples']}", f"{m['theirs'] / 1e6:.3g}", f"{m['ours'] / 1e6:.3g}",
             f"{m['ours'] / m['theirs']:.1f}", f"{m['bandwidth']:.1f}", f"{m['read']:.1f}",
             f"{m['bandwidth'] / m['read']:.0%}", m["settings"], f"{m['theirs_value']:.4f}", f"{m['ours_value']:.4f}",
             f"{m['spread']:.0e}")
            for m in (measure_shape(program, *shape) for shape in SHAPES)]


if __name__ == "__main__":
    print(table(HEADER, measure(sys.argv[1])))
