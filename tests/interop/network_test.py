"""The same network in PyTorch and in Brink: derivatives with copied weights, and thresholds at the same minimum."""

import os
import subprocess
import tempfile
import unittest

import numpy as np
import torch
from support import BUILD, run_brink

from export_torch import export_gram, export_jacobian

torch.set_num_threads(1)
ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU,
               "identity": torch.nn.Identity}


def fully_connected(widths, activation):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers += [ACTIVATIONS[activation]()] * (i > 0) + [torch.nn.Linear(a, b)]
    return torch.nn.Sequential(*layers).eval()


class Convolutions(torch.nn.Module):
    def __init__(self, side, kernel, channels, outputs, activation):
        super().__init__()
        self.side, depths = side, (1, *channels)
        self.convolutions = torch.nn.ModuleList(torch.nn.Conv2d(a, b, kernel) for a, b in zip(depths, depths[1:]))
        self.sigma, self.last = ACTIVATIONS[activation](), torch.nn.Linear(channels[-1], outputs)

    def forward(self, x):
        x = x.view(-1, 1, self.side, self.side)
        for convolution in self.convolutions:
            x = self.sigma(convolution(x))
        return self.last(x.mean((2, 3)))


def channels_last(array, model):
    """`array` (…, p) in the order of torch, in that of Brink: windows of a convolution line by line, channels last."""
    parts, offset = [], 0
    for parameter in model.parameters():
        part = array[..., offset:offset + parameter.numel()]
        offset += parameter.numel()
        if parameter.dim() == 4:
            lead = part.ndim - 1
            part = part.reshape(*part.shape[:-1], *parameter.shape)
            part = np.moveaxis(part, lead + 1, lead + 3).reshape(*array.shape[:-1], -1)
        parts.append(part)
    return np.concatenate(parts, axis=-1)


def theta_of(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = scratch.name
        torch.manual_seed(11)

    def file(self, name):
        return os.path.join(self.path, name)


class Jacobians(Scratch):
    def check(self, model, architecture, widths, activation, x):
        np.save(self.file("x.npy"), x.numpy())
        np.save(self.file("theta.npy"), channels_last(theta_of(model), model))
        names = [self.file(name) for name in ("x.npy", "theta.npy", "single.npy", "double.npy")]
        subprocess.run([os.path.join(BUILD, "tests", "brink_network_rows"), architecture, ",".join(map(str, widths)),
                        activation, *names], check=True)
        for dtype, name, allowed in (("float32", "single.npy", 1e-5), ("float64", "double.npy", 1e-12)):
            export_jacobian(model, x, self.file("out"), dtype=dtype, force=True)
            theirs = channels_last(np.load(self.file("out/J.npy")).astype(float), model)
            theirs = theirs.reshape(-1, theirs.shape[-1])
            ours = np.load(self.file(name))
            self.assertEqual(ours.shape, theirs.shape)
            for found, wanted in zip(ours, theirs):  # every output of every sample by itself
                self.assertLess(np.linalg.norm(found - wanted), allowed * np.linalg.norm(wanted), (activation, dtype))

    def test_fully_connected(self):
        widths = (20, 30, 30, 3)
        for activation in ACTIVATIONS:
            self.check(fully_connected(widths, activation), "fully-connected", widths, activation, torch.randn(9, 20))

    def test_convolutional(self):
        for activation in ("tanh", "relu"):
            model = Convolutions(8, 3, (4, 5), 2, activation).eval()
            self.check(model, "convolutional", (8, 3, 4, 5, 2), activation, torch.randn(6, 64))


class Thresholds(Scratch):
    """10 samples in 3 dimensions, a net of 6 tanh units and 2 outputs, 38 parameters: it interpolates."""

    WIDTHS = (3, 6, 2)
    GRID = ("--rule", "heavy-ball", "--momentum", "0,0.9", "--batch", "1,4,10")

    def setUp(self):
        super().setUp()
        self.x, self.y = torch.randn(10, 3, dtype=torch.double), 0.3 * torch.randn(10, 2, dtype=torch.double)
        np.savetxt(self.file("data.csv"), np.hstack([self.x.numpy(), self.y.numpy()]), delimiter=",", fmt="%.17g")
        self.model = fully_connected(self.WIDTHS, "tanh").double()
        with open(self.file("net.toml"), "w", encoding="utf-8") as file:
            file.write('[model]\nkind = "network"\ndata = "data.csv"\noutputs = 2\nhidden = [6]\nactivation = "tanh"\n'
                       'parameters = "theta.npy"\n[training]\nsteps = 1\n')

    def thresholds(self, *source):
        return np.array([row["eta_mean_square"] for row in run_brink("threshold", *source, *self.GRID)["rows"]])

    def compare(self, ours, allowed):
        for export, name in ((export_jacobian, "J"), (export_gram, "K")):
            out = self.file(name)
            export(self.model, (self.x, self.y), out)
            theirs = self.thresholds("--config", os.path.join(out, "model.toml"))
            self.assertLess(np.abs(ours / theirs - 1).max(), allowed, name)

    def test_a_net_trained_here_is_linearized_there(self):
        np.save(self.file("theta.npy"), theta_of(self.model))
        run_brink("train", self.file("net.toml"), "--linearize", "--out", self.file("run"))
        minimum = torch.from_numpy(np.load(self.file("run/theta.npy")).ravel())
        torch.nn.utils.vector_to_parameters(minimum, self.model.parameters())
        self.assertLess(float(((self.model(self.x) - self.y) ** 2).sum()), 1e-20)
        array = "--gram" if os.path.exists(self.file("run/gram.npy")) else "--jacobian"
        name = "run/gram.npy" if array == "--gram" else "run/J.npy"
        self.compare(self.thresholds(array, self.file(name), "--outputs", 2), 1e-9)

    def test_a_net_trained_there_is_linearized_here(self):
        optimizer = torch.optim.LBFGS(self.model.parameters(), max_iter=20000, max_eval=40000, tolerance_grad=1e-13,
                                      tolerance_change=0, history_size=50, line_search_fn="strong_wolfe")

        def loss():
            optimizer.zero_grad()
            value = 0.5 * ((self.model(self.x) - self.y) ** 2).sum(1).mean()
            value.backward()
            return value

        optimizer.step(loss)
        self.assertLess(float(loss()), 1e-16)
        np.save(self.file("theta.npy"), theta_of(self.model))
        # The last steps to the minimum are Brink's, and move the parameters by about the root of that loss.
        self.compare(self.thresholds("--config", self.file("net.toml")), 1e-6)


if __name__ == "__main__":
    unittest.main()
