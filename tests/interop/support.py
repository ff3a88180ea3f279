"""What the interop tests share: running brink, and dense references that use neither brink nor the exporter."""

import itertools
import json
import os
import subprocess
import sys

import numpy as np

REPOSITORY = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("BRINK_BUILD", os.path.join(REPOSITORY, "build", "release"))
sys.path.insert(0, os.path.join(REPOSITORY, "tools"))


def run_brink(*arguments):
    command = [os.path.join(BUILD, "brink"), *map(str, arguments), "--format", "json", "--quiet"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def second_moment_radius(hessians, eta, momentum, batch):
    """Spectral radius of E[A_B ⊗ A_B], heavy ball, over every batch without replacement."""
    n, d, _ = hessians.shape
    identity, total, count = np.eye(d), 0, 0
    for members in itertools.combinations(range(n), batch):
        h = hessians[list(members)].mean(axis=0)
        step = np.block([[identity - eta * h, -eta * momentum * identity], [h, momentum * identity]])
        total, count = total + np.kron(step, step), count + 1
    return np.abs(np.linalg.eigvals(total / count)).max()


def dense_threshold(hessians, momentum, batch):
    """The largest step size at which the second moment does not grow, by bisection: brute force."""
    # Only the range of H matters: elsewhere nothing moves and the radius is 1 for every step size.
    values, vectors = np.linalg.eigh(hessians.mean(axis=0))
    keep = vectors[:, values > 1e-10 * values[-1]]
    reduced = np.einsum("ia,kij,jb->kab", keep, hessians, keep)
    low, high = 0.0, 2 * (1 + momentum) / values[-1] * 1.01
    for _ in range(48):
        middle = (low + high) / 2
        low, high = (middle, high) if second_moment_radius(reduced, middle, momentum, batch) < 1 else (low, middle)
    return low
