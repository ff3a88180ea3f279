"""The rival of `brink simulate`: heavy ball on the linearized model, batched over replicas in NumPy.

Replicas are worked off in chunks that fit in cache, with every work array allocated once. The driver tries all chunk
sizes, all ways to draw batches and both ways to multiply, and keeps the fastest.
"""

import time

import numpy as np

# --- Batches without replacement: `count` rows of `batch_size` distinct indices below `samples`.


def draw_floyd(random, samples, batch_size, count):
    """Floyd's algorithm, vectorized over replicas: no rejection, batch_size^2/2 comparisons."""
    batch = np.empty((batch_size, count), dtype=np.uint32)
    for j in range(batch_size):
        last = samples - batch_size + j
        drawn = random.integers(0, last + 1, count, dtype=np.uint32)
        taken = (batch[:j] == drawn).any(axis=0)
        np.copyto(batch[j], np.where(taken, np.uint32(last), drawn))
    return batch.T


def draw_rejection(random, samples, batch_size, count):
    """Independent indices; the rows with a repetition are drawn again."""
    batch = random.integers(0, samples, (count, batch_size), dtype=np.uint32)
    again = np.arange(count)
    while again.size:
        rows = np.sort(batch[again], axis=1)
        again = again[(rows[:, 1:] == rows[:, :-1]).any(axis=1)]
        batch[again] = random.integers(0, samples, (again.size, batch_size), dtype=np.uint32)
    return batch


def draw_partition(random, samples, batch_size, count):
    """The places of the smallest of `samples` random keys."""
    keys = random.random((count, samples), dtype=np.float32)
    return np.argpartition(keys, batch_size - 1, axis=1)[:, :batch_size]


def draw_permuted(random, samples, batch_size, count):
    """The head of a random permutation for each replica."""
    return random.permuted(np.broadcast_to(np.arange(samples, dtype=np.uint32), (count, samples)), axis=1)[:, :batch_size]


DRAWS = {"floyd": draw_floyd, "rejection": draw_rejection, "partition": draw_partition, "permuted": draw_permuted}


class Simulation:
    """x+ = x - eta m+, m+ = beta m + (1/B) sum over the batch of g_k (g_k . x), `chunk` replicas at once."""

    def __init__(self, rows, batch_size, eta, momentum, chunk, draw, product, seed):
        self.rows, self.batch_size, self.eta, self.momentum = rows, batch_size, eta, momentum
        self.draw, self.product = DRAWS[draw], product
        self.random = np.random.Generator(np.random.SFC64(seed))
        samples, rank = rows.shape
        self.state = self.random.standard_normal((chunk, rank))
        self.state /= np.linalg.norm(self.state, axis=1, keepdims=True)
        self.velocity = np.zeros((chunk, rank))
        self.gradient = np.empty((chunk, rank))
        if product == "dense":
            self.columns = np.ascontiguousarray(rows.T)
            self.residuals = np.empty((chunk, samples))
        else:
            self.gathered = np.empty((chunk * batch_size, rank))
            self.residuals = np.empty((chunk, batch_size))
        # Batches are drawn for many steps of a small chunk at once: the calls cost more than the numbers.
        self.steps_drawn = max(1, 4096 // chunk)
        self.batches = iter(())

    def next_batch(self):
        batch = next(self.batches, None)
        if batch is None:
            chunk = len(self.state)
            drawn = self.draw(self.random, len(self.rows), self.batch_size, self.steps_drawn * chunk)
            self.batches = iter(drawn.astype(np.intp, order="C").reshape(self.steps_drawn, chunk, self.batch_size))
            batch = next(self.batches)
        return batch

    def step(self):
        chunk, rank = self.state.shape
        batch = self.next_batch()
        if self.product == "dense":
            np.matmul(self.state, self.columns, out=self.residuals)
            kept = np.take_along_axis(self.residuals, batch, axis=1)
            self.residuals.fill(0)
            np.put_along_axis(self.residuals, batch, kept, axis=1)
            np.matmul(self.residuals, self.rows, out=self.gradient)
        else:
            np.take(self.rows, batch.ravel(), axis=0, out=self.gathered, mode="clip")
            gathered = self.gathered.reshape(chunk, self.batch_size, rank)
            if self.product == "matmul":
                np.matmul(gathered, self.state[:, :, None], out=self.residuals[:, :, None])
                np.matmul(self.residuals[:, None, :], gathered, out=self.gradient[:, None, :])
            else:
                np.einsum("nbr,nr->nb", gathered, self.state, out=self.residuals)
                np.einsum("nbr,nb->nr", gathered, self.residuals, out=self.gradient)
        self.gradient *= self.eta / self.batch_size
        self.velocity *= self.momentum
        self.velocity += self.gradient
        self.state -= self.velocity

    def renormalize(self):
        """ln of the growth of every replica since the last call, buffers in units of eta as in brink."""
        squared = np.einsum("nr,nr->n", self.state, self.state) + np.einsum("nr,nr->n", self.velocity, self.velocity)
        norm = np.sqrt(squared)
        self.state /= norm[:, None]
        self.velocity /= norm[:, None]
        return np.log(norm)


def lyapunov(rows, batch_size, eta, momentum, replicas, steps, burn_in, chunk, draw, product, seed=1):
    """(top Lyapunov exponent, standard error, replica-steps per second)."""
    exponents = []
    start = time.perf_counter()
    for first in range(0, replicas, chunk):
        simulation = Simulation(rows, batch_size, eta, momentum, chunk, draw, product, [seed, first])
        growth = np.zeros(chunk)
        for step in range(1, burn_in + steps + 1):
            simulation.step()
            if step % 10 == 0:
                since = simulation.renormalize()
                if step > burn_in:
                    growth += since
        exponents.append(growth / steps)
    seconds = time.perf_counter() - start
    exponents = np.concatenate(exponents)
    error = exponents.std(ddof=1) / np.sqrt(exponents.size)
    return exponents.mean(), error, exponents.size * (steps + burn_in) / seconds


def seconds_per_call(work, at_least=0.1):
    """The best of three averages of work(), each over about `at_least` seconds."""
    work()
    averages = []
    for _ in range(3):
        count, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < at_least:
            work()
            count += 1
        averages.append(elapsed / count)
    return min(averages)


def fastest_settings(rows, batch_size, eta, momentum):
    """The fastest (chunk, draw, product). Batches are drawn in pools, so the draw is chosen by itself."""
    samples, rank = rows.shape
    random = np.random.Generator(np.random.SFC64(3))
    draw = min(DRAWS, key=lambda name: seconds_per_call(lambda: DRAWS[name](random, samples, batch_size, 4096)))
    best = (float("inf"), 0, "")
    for product in ("matmul", "einsum", "dense"):
        for chunk in (1, 4, 16, 64, 256, 1024, 4096, 16384):
            if chunk * max(batch_size * rank, samples) > 50_000_000:
                continue
            simulation = Simulation(rows, batch_size, eta, momentum, chunk, draw, product, 7)
            best = min(best, (seconds_per_call(simulation.step) / chunk, chunk, product))
    return best[1], draw, best[2]
