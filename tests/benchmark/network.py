"""Networks: training steps and Hessian-vector products a second against PyTorch, single precision, one thread.

784-200-200-10, half squares, heavy ball. Loss, gradient, Hessian-vector product and the parameters after some steps on the
same batches are compared first. PyTorch is measured at the fastest of its ways:

    training   torch.optim.SGD, parameter by parameter and with foreach; batches by index_select from one tensor in
               shuffled order
    products   double backward from a fresh graph, as at a new θ; and kept: through a graph that was kept, against what
               Objective::hessian_at keeps, for further products with the same batch at the same θ

Run alone: network.py PROGRAM, with PROGRAM the brink_network_speed of a benchmark build.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

SAMPLES, INPUTS, HIDDEN, OUTPUTS = 2048, 784, 200, 10
BATCHES = (8, 64, 512)
ACTIVATIONS = ("tanh", "relu")
ETA, MOMENTUM = 0.001, 0.9  # as network_speed.cpp has them
COMPARED_STEPS = 20
SECONDS = 1.5
#             loss  gradient product movement in the compared steps: relative to the norm, single precision
TOLERANCES = (1e-5, 1e-5, 1e-5, 1e-4)


def rate(work, times=1):
    """How often a second of processor time work() does its `times`, over at least SECONDS; the best of three."""
    work()
    best = 0
    for _ in range(3):
        count, start = 0, time.process_time()
        while True:
            work()
            count += times
            spent = time.process_time() - start
            if spent >= SECONDS:
                break
        best = max(best, count / spent)
    return best


class Rival:
    """The same network in PyTorch."""

    def __init__(self, activation, x, y):
        import torch

        self.torch, self.x, self.y = torch, torch.from_numpy(x), torch.from_numpy(y)
        sigma = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[activation]
        torch.manual_seed(1)
        self.model = torch.nn.Sequential(torch.nn.Linear(INPUTS, HIDDEN), sigma(), torch.nn.Linear(HIDDEN, HIDDEN),
                                         sigma(), torch.nn.Linear(HIDDEN, OUTPUTS))
        self.parameters = list(self.model.parameters())
        self.start = self.theta()

    def theta(self):
        return self.torch.nn.utils.parameters_to_vector(self.parameters).detach().clone()

    def reset(self):
        self.torch.nn.utils.vector_to_parameters(self.start.clone(), self.parameters)

    def loss(self, batch):
        x, y = self.x.index_select(0, batch), self.y.index_select(0, batch)
        return 0.5 * self.torch.nn.functional.mse_loss(self.model(x), y, reduction="sum") / len(batch)

    def gradient(self, batch, keep=False):
        return self.torch.autograd.grad(self.loss(batch), self.parameters, create_graph=keep)

    def product(self, gradient, direction, keep=False):
        return self.torch.autograd.grad(gradient, self.parameters, direction, retain_graph=keep)

    def split(self, vector):
        parts, offset = [], 0
        for q in self.parameters:
            parts.append(vector[offset:offset + q.numel()].view_as(q))
            offset += q.numel()
        return parts

    def flat(self, parts):
        return self.torch.cat([part.reshape(-1) for part in parts]).numpy()

    def optimizer(self, foreach):
        return self.torch.optim.SGD(self.parameters, ETA, momentum=MOMENTUM, foreach=foreach)

    def step(self, optimizer, batch):
        optimizer.zero_grad(set_to_none=True)
        self.loss(batch).backward()
        optimizer.step()

    def train(self, order):
        self.reset()
        optimizer = self.optimizer(False)
        for batch in order:
            self.step(optimizer, batch)
        return self.theta().numpy()

    def steps_a_second(self, batch_size):
        best = 0
        for foreach in (False, True):
            self.reset()
            optimizer = self.optimizer(foreach)

            def epoch():
                order = self.torch.randperm(SAMPLES)
                for first in range(0, SAMPLES, batch_size):
                    self.step(optimizer, order[first:first + batch_size])

            best = max(best, rate(epoch, SAMPLES // batch_size))
        self.reset()
        return best

    def products_a_second(self, batch, direction):
        self.reset()
        fresh = rate(lambda: self.product(self.gradient(batch, keep=True), direction))
        kept = self.gradient(batch, keep=True)
        return fresh, rate(lambda: self.product(kept, direction, keep=True))


def distance(ours, theirs):
    return np.linalg.norm(np.asarray(ours, float) - theirs) / np.linalg.norm(np.asarray(theirs, float))


def measure_one(program, activation, batch_size, x, y):
    import torch

    torch.set_num_threads(1)
    rival = Rival(activation, x, y)
    generator = np.random.default_rng(batch_size)
    order = generator.integers(0, SAMPLES, (COMPARED_STEPS, batch_size))
    direction = generator.standard_normal(len(rival.start)).astype(np.float32)
    batches, split = [torch.from_numpy(b) for b in order], rival.split(torch.from_numpy(direction))
    with tempfile.TemporaryDirectory() as folder:
        for name, array in (("inputs", x), ("targets", y), ("theta", rival.start.numpy()), ("direction", direction),
                            ("order", order)):
            np.save(os.path.join(folder, name + ".npy"), array)
        done = subprocess.run([program, folder, activation, str(batch_size), str(HIDDEN), str(SECONDS)], check=True,
                              stdout=subprocess.PIPE)
        ours = json.loads(done.stdout)
        found = {name: np.load(os.path.join(folder, name + ".npy")) for name in ("gradient", "product", "trained")}
    start = rival.start.numpy()
    loss = float(rival.loss(batches[0]))
    gradient = rival.gradient(batches[0], keep=True)
    product = rival.flat(rival.product(gradient, split))
    errors = (abs(ours["loss"] / loss - 1), distance(found["gradient"], rival.flat([g.detach() for g in gradient])),
              distance(found["product"], product), distance(found["trained"] - start, rival.train(batches) - start))
    for name, error, allowed in zip(("loss", "gradient", "product", "movement in training"), errors, TOLERANCES):
        if not error < allowed:
            raise SystemExit(f"network: {activation}, B = {batch_size}: {name} differs by {error:.1e} from PyTorch's")
    fresh, kept = rival.products_a_second(batches[0], split)
    return {"activation": activation, "batch": batch_size, "difference": max(errors), "steps": ours["steps"],
            "their_steps": rival.steps_a_second(batch_size), "products": ours["products"], "their_products": fresh,
            "kept_products": ours["kept_products"], "their_kept_products": kept}


def measure(program):
    generator = np.random.default_rng(3)
    x = (0.3 * generator.standard_normal((SAMPLES, INPUTS))).astype(np.float32)
    y = generator.standard_normal((SAMPLES, OUTPUTS)).astype(np.float32)
    for activation in ACTIVATIONS:
        for batch in BATCHES:
            yield measure_one(program, activation, batch, x, y)


def line(m):
    """One measurement as a line of the table of results.md."""
    return (m["activation"], f"{m['batch']}", f"{m['their_steps']:.0f}", f"{m['steps']:.0f}",
            f"{m['steps'] / m['their_steps']:.2f}", f"{m['their_products']:.0f}", f"{m['products']:.0f}",
            f"{m['products'] / m['their_products']:.2f}", f"{m['their_kept_products']:.0f}",
            f"{m['kept_products']:.0f}", f"{m['kept_products'] / m['their_kept_products']:.2f}",
            f"{m['difference']:.0e}")


HEADER = ("activation", "B", "steps/s, PyTorch", "steps/s, brink", "ratio", "products/s, PyTorch", "products/s, brink",
          "ratio", "kept, PyTorch", "kept, brink", "ratio", "largest relative difference")

if __name__ == "__main__":
    print("| " + " | ".join(HEADER) + " |\n|" + " ---: |" * len(HEADER), flush=True)
    for measured in measure(sys.argv[1]):
        print("| " + " | ".join(line(measured)) + " |", flush=True)
