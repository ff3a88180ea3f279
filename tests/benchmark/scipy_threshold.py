"""The rival of `brink threshold`: heavy-ball thresholds by SciPy's Lanczos (eigsh) on the pencil of the closed form,

    eta* = 2 (1 - beta) / lambda_max(C^-1 D),    C(X) = (HX + XH)/2,
    D(X) = N(X) + (1+beta^2)/(1-beta^2) HXH - beta/(1-beta^2) (H^2 X + X H^2),
    N(X) = p ((1/n) sum_k H_k X H_k - HXH),      p = (n-B)/(B(n-1)),

matrix-free in the eigenbasis of H, where C is diagonal, so that C^-1/2 D C^-1/2 is a symmetric operator of r^2 numbers
and two matrix products. LAPACK's divide and conquer, coefficient matrices computed once, every work array allocated
once. Two rivals: `tuned=False` is eigsh as it comes, tolerance 1e-8, started from X = I; `tuned=True` is what an expert
would make of it, a Krylov space of six vectors (fewer products than the default of twenty) and, on a grid, one
eigendecomposition for all cells and each start taken from the cell before.
"""

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh


class PencilThreshold:
    def __init__(self, rows, tuned):
        self.tuned = tuned
        samples, rank = rows.shape
        spectrum, basis = eigh(rows.T @ rows / samples, driver="evd", overwrite_a=True, check_finite=False)
        self.samples, self.rank = samples, rank
        self.rows = rows @ basis
        self.scale = 1 / np.sqrt((spectrum[:, None] + spectrum[None, :]) / 2)
        scale_squared = self.scale**2
        self.product_term = scale_squared * np.outer(spectrum, spectrum)
        self.square_term = scale_squared * (spectrum[:, None] ** 2 + spectrum[None, :] ** 2)
        self.block = np.empty((samples, rank))
        self.weights = np.empty(samples)
        self.scaled = np.empty((rank, rank))
        self.result = np.empty((rank, rank))
        self.start = np.eye(rank).ravel()

    def threshold(self, momentum, batch_size):
        noise = (self.samples - batch_size) / (batch_size * (self.samples - 1))
        denominator = 1 - momentum**2
        diagonal = ((1 + momentum**2) / denominator - noise) * self.product_term
        diagonal -= momentum / denominator * self.square_term
        factor = noise / self.samples

        def apply(flat):
            x = flat.reshape(self.rank, self.rank)
            np.multiply(self.scale, x, out=self.scaled)
            np.matmul(self.rows, self.scaled, out=self.block)
            np.einsum("ij,ij->i", self.block, self.rows, out=self.weights)
            np.multiply(self.weights, factor, out=self.weights)
            np.multiply(self.rows, self.weights[:, None], out=self.block)
            np.matmul(self.rows.T, self.block, out=self.result)
            np.multiply(self.result, self.scale, out=self.result)
            np.multiply(diagonal, x, out=self.scaled)
            np.add(self.result, self.scaled, out=self.result)
            return self.result.ravel()

        size = self.rank**2
        operator = LinearOperator((size, size), matvec=apply, dtype=float)
        value, vector = eigsh(operator, k=1, which="LA", tol=1e-8, ncv=6 if self.tuned else None, v0=self.start)
        if self.tuned:
            self.start = vector[:, 0]
        return 2 * (1 - momentum) / value[0]

    def grid(self, momenta, batch_sizes):
        return [self.threshold(beta, size) for beta in momenta for size in batch_sizes]
