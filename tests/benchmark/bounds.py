"""The table of stability conditions: `brink threshold --bounds` beside NumPy and SciPy on those conditions that have a
closed matrix form (SGD without replacement, one output a sample); values first, then times.

With H = A'A/n, a_k the rows and p = (n-B)/(B(n-1)), <.> the mean over samples:

    <H_k^2> = A' diag(|a_k|^2) A / n,    <H_k H H_k> = A' diag(a_k' H a_k) A / n,    N(X) = p (<H_k X H_k> - HXH)
    wu-ma-e       2 / lambda_max(H^2 + N(I), H)
    wu-ma-e-box   min(2 / lambda_max(H), lambda_max(N(I))^(-1/2))
    frobenius     lambda_min(N(H), H)^(-1/2)
    trace         2 / (p tr H)
    mulayoff-15   2 lambda / ((1-p) lambda^2 + p <(a_k'v)^4>)
    mulayoff-16   2 tr H / ((1-p) |H|^2 + p <|a_k|^4>)
    mean          2 / lambda_max(H)

Pencils are reduced to the eigenbasis of H, where they are ordinary symmetric matrices.
"""

import sys
import tempfile

import numpy as np
from common import best_of, gaussian_rows, require_openblas, run_brink
from scipy.linalg import eigh

SAMPLES, RANK, BATCH = 1000, 500, 4


def closed_forms(rows, batch):
    """{name: step size} of the seven conditions above."""
    samples = rows.shape[0]
    p = (samples - batch) / (batch * (samples - 1))
    spectrum, basis = eigh(rows.T @ rows / samples, driver="evd", overwrite_a=True, check_finite=False)
    rows = rows @ basis
    norms = np.einsum("ij,ij->i", rows, rows)
    curvatures = np.einsum("ij,ij->i", rows * spectrum, rows)
    scale = 1 / np.sqrt(spectrum)

    def eigenvalues(matrix, index):
        return eigh(matrix, eigvals_only=True, subset_by_index=(index, index), check_finite=False)[0]

    noise_of_identity = p * ((rows.T * norms) @ rows / samples - np.diag(spectrum**2))
    noise_of_hessian = p * ((rows.T * curvatures) @ rows / samples - np.diag(spectrum**3))
    top = spectrum[-1]
    step = (np.diag(spectrum**2) + noise_of_identity) * np.outer(scale, scale)
    return {
        "mean": 2 / top,
        "wu-ma-e": 2 / eigenvalues(step, rows.shape[1] - 1),
        "wu-ma-e-box": min(2 / top, 1 / np.sqrt(eigenvalues(noise_of_identity, rows.shape[1] - 1))),
        "frobenius": 1 / np.sqrt(eigenvalues(noise_of_hessian * np.outer(scale, scale), 0)),
        "trace": 2 / (p * spectrum.sum()),
        "mulayoff-15": 2 * top / ((1 - p) * top**2 + p * np.mean(rows[:, -1] ** 4)),
        "mulayoff-16": 2 * spectrum.sum() / ((1 - p) * np.sum(spectrum**2) + p * np.mean(norms**2)),
    }


def measure(program):
    """(n, r, B, conditions and seconds of brink, conditions and seconds of SciPy, largest relative difference)."""
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, gaussian_rows(SAMPLES, RANK))

        def table():
            document = run_brink(program, "threshold", "--jacobian", file.name, "--batch", BATCH, "--bounds")
            return {bound["name"]: bound["eta"] for bound in document["rows"][0]["bounds"]}

        ours, our_time = best_of(3, table)
        theirs, their_time = best_of(3, lambda: closed_forms(np.load(file.name), BATCH))
    difference = max(abs(ours[name] / value - 1) for name, value in theirs.items())
    if not difference < 1e-8:
        raise SystemExit(f"bounds: brink and SciPy differ by {difference:g}")
    print(f"  n = {SAMPLES}, r = {RANK}: brink {our_time:.3g} s, SciPy {their_time:.3g} s", file=sys.stderr, flush=True)
    return SAMPLES, RANK, BATCH, len(ours), our_time, len(theirs), their_time, difference


def main():
    require_openblas()
    print(measure(sys.argv[1]))


if __name__ == "__main__":
    main()
