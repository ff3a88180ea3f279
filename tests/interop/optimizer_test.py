"""Update rules against torch.optim on the same gradients, to 1e-12."""

import os
import subprocess
import unittest

import numpy as np
import torch
from support import BUILD

STEPS, SIZE, ETA = 60, 7, 0.05


def brink(rule, start, gradients, *, eta=ETA, momentum=0.0, dampening=0.0, weight_decay=0.0, second=-1.0, epsilon=1e-8,
          buffer=None):
    numbers = np.concatenate([start, np.zeros(SIZE) if buffer is None else buffer, gradients.ravel()])
    arguments = map(repr, (float(eta), momentum, dampening, weight_decay, second, epsilon, STEPS, SIZE))
    done = subprocess.run([os.path.join(BUILD, "tests", "brink_update_rules"), rule, *arguments], check=True,
                          input="\n".join(map(repr, numbers.tolist())).encode(), stdout=subprocess.PIPE)
    return np.array(done.stdout.split(), float).reshape(STEPS, SIZE)


def pytorch(make, start, gradients):
    theta = torch.nn.Parameter(torch.tensor(start))
    optimizer, path = make([theta]), []
    for gradient in gradients:
        theta.grad = torch.tensor(gradient)
        optimizer.step()
        path.append(theta.detach().numpy().copy())
    return np.array(path)


class Rules(unittest.TestCase):
    def setUp(self):
        generator = np.random.default_rng(5)
        self.start, self.gradients = generator.standard_normal(SIZE), generator.standard_normal((STEPS, SIZE))

    def compare(self, rule, make, **options):
        ours = brink(rule, self.start, self.gradients, **options)
        theirs = pytorch(make, self.start, self.gradients)
        self.assertLess(np.abs(ours - theirs).max(), 1e-12)
        self.assertGreater(np.abs(theirs - self.start).max(), 0.05, "something moved")

    def test_sgd(self):
        sgd = torch.optim.SGD
        for decay in (0.0, 0.03):
            self.compare("sgd", lambda q: sgd(q, ETA, weight_decay=decay), weight_decay=decay)
            self.compare("heavy-ball", lambda q: sgd(q, ETA, momentum=0.9, weight_decay=decay), momentum=0.9,
                         weight_decay=decay)
            self.compare("nesterov", lambda q: sgd(q, ETA, momentum=0.9, nesterov=True, weight_decay=decay),
                         momentum=0.9, weight_decay=decay)

    def test_dampening(self):
        """PyTorch fills the buffer with the first gradient whole; brink starts at zero, as the linear filter does. A
        first buffer τ g₁/β makes them one."""
        beta, tau, decay = 0.9, 0.3, 0.02
        first = self.gradients[0] + decay * self.start
        self.compare("dampened", lambda q: torch.optim.SGD(q, ETA, momentum=beta, dampening=tau, weight_decay=decay),
                     momentum=beta, dampening=tau, weight_decay=decay, buffer=tau * first / beta)

    def test_adam(self):
        for decay in (0.0, 0.03):
            self.compare("adam", lambda q: torch.optim.Adam(q, ETA, betas=(0.9, 0.99), eps=1e-6, weight_decay=decay),
                         momentum=0.9, second=0.99, epsilon=1e-6, weight_decay=decay)
        self.compare("adam", lambda q: torch.optim.Adam(q, ETA), momentum=0.9)

    def test_rmsprop(self):
        for decay in (0.0, 0.03):
            self.compare("rmsprop", lambda q: torch.optim.RMSprop(q, ETA, alpha=0.95, eps=1e-6, weight_decay=decay),
                         second=0.95, epsilon=1e-6, weight_decay=decay)
        self.compare("rmsprop", lambda q: torch.optim.RMSprop(q, ETA))


if __name__ == "__main__":
    unittest.main()
