"""tools/export_torch.py against difference quotients, and brink on its files against dense brute force."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch
from support import REPOSITORY, dense_threshold, run_brink

from export_torch import ExportError, export_gram, export_jacobian, main

torch.manual_seed(3)
torch.set_num_threads(1)


def network(outputs=2, hidden=3, inputs=2):
    layers = [torch.nn.Linear(inputs, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, outputs)]
    return torch.nn.Sequential(*layers).eval()


def differenced(model, x, h=1e-5):
    """∂f/∂θ by central differences along parameters_to_vector."""
    model = model.double()
    theta = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
    columns = []

    def outputs(at):
        torch.nn.utils.vector_to_parameters(at, model.parameters())
        with torch.no_grad():
            return model(x.double()).numpy().copy()

    for i in range(len(theta)):
        step = torch.zeros_like(theta)
        step[i] = h
        columns.append((outputs(theta + step) - outputs(theta - step)) / (2 * h))
    torch.nn.utils.vector_to_parameters(theta, model.parameters())
    return np.stack(columns, axis=-1)


def contents(directory):
    found = {}
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            found[name] = file.read()
    return found


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = scratch.name
        self.out = os.path.join(self.path, "out")

    def load(self, name):
        return np.load(os.path.join(self.out, name))


class Arrays(Scratch):
    def test_jacobian_is_the_derivative_in_the_order_of_parameters_to_vector(self):
        model, x = network(), torch.randn(5, 2)
        facts = export_jacobian(model, x, self.out, block=2)
        self.assertEqual(next(model.parameters()).dtype, torch.float32, "the caller's model is left alone")
        self.assertLess(np.abs(self.load("J.npy") - differenced(model, x)).max(), 1e-8)
        self.assertEqual([q["offset"] for q in facts["parameter_layout"]], [0, 6, 9, 15])

    def test_float32_agrees_to_its_precision(self):
        model, x = network(), torch.randn(5, 2)
        export_jacobian(model, x, self.out, dtype="float32")
        self.assertEqual(self.load("J.npy").dtype, np.float32)
        self.assertLess(np.abs(self.load("J.npy") - differenced(model, x)).max(), 1e-5)

    def test_frozen_and_unused_parameters(self):
        class Partial(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.used, self.unused, self.frozen = (torch.nn.Linear(2, 2) for _ in range(3))
                self.frozen.requires_grad_(False)

            def forward(self, x):
                return self.used(self.frozen(x))

        export_jacobian(Partial().eval(), torch.randn(3, 2), self.out)
        rows = self.load("J.npy")
        self.assertEqual(rows.shape, (3, 2, 12))
        self.assertTrue((rows[:, :, 6:] == 0).all() and (rows[:, :, :6] != 0).any())

    def test_gram_in_blocks_is_the_product(self):
        model, x = network(), torch.randn(7, 2)
        export_jacobian(model, x, os.path.join(self.path, "rows"))
        rows = np.load(os.path.join(self.path, "rows", "J.npy")).reshape(14, -1)
        for block in (1, 3, 7):
            export_gram(model, x, self.out, block=block, force=True)
            gram = self.load("K.npy")
            self.assertTrue((gram == gram.T).all())
            self.assertLess(np.abs(gram - rows @ rows.T).max(), 1e-12)

    def test_a_shuffled_loader_gives_one_order(self):
        data = torch.utils.data.TensorDataset(torch.randn(9, 2), torch.randn(9, 2))
        loader = torch.utils.data.DataLoader(data, batch_size=2, shuffle=True)
        export_gram(network(), loader, self.out, block=2)
        self.assertGreater(np.linalg.eigvalsh(self.load("K.npy")).min(), -1e-10)

    def test_operations_without_batched_derivative_fall_back_to_loops(self):
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                context.save_for_backward(x)
                return x**2

            @staticmethod
            def backward(context, g):
                (x,) = context.saved_tensors
                return torch.from_numpy(2 * x.detach().numpy() * g.detach().numpy())  # numpy: not under vmap

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 3)

            def forward(self, x):
                return Square.apply(self.layer(x))

        model, x = Model().eval(), torch.randn(4, 2)
        with self.assertRaises(RuntimeError):  # so that this is the case it claims to be
            torch.autograd.grad(model(x[:1])[0], model.layer.weight, torch.eye(3), is_grads_batched=True)
        export_jacobian(model, x, self.out)
        self.assertLess(np.abs(self.load("J.npy") - differenced(model, x)).max(), 1e-8)

    def test_cross_entropy_curvature_is_the_hessian_in_the_outputs(self):
        model, x = network(3), torch.randn(4, 2)
        export_jacobian(model, (x, torch.tensor([0, 2, 1, 1])), self.out, loss="cross-entropy", gradient_noise=True,
                        center=True)
        for k in range(4):
            f = model.double()(x.double())[k].detach()
            hessian = torch.autograd.functional.hessian(
                lambda f: torch.nn.functional.cross_entropy(f[None], torch.tensor([0])), f)
            self.assertLess(np.abs(self.load("S.npy")[k] - hessian.numpy()).max(), 1e-12)


class Thresholds(Scratch):
    def check(self, hessians, scale=1.0):
        found = run_brink("threshold", "--config", os.path.join(self.out, "model.toml"), "--rule", "heavy-ball",
                          "--momentum", "0,0.6", "--batch", "1,3")
        for row in found["rows"]:
            expected = dense_threshold(hessians * scale, row["momentum"], row["batch"])
            self.assertLess(abs(row["eta_mean_square"] / expected - 1), 1e-7, row)

    def test_half_squares_and_mse_against_brute_force(self):
        model, x = network(hidden=1, inputs=1), torch.randn(4, 1)
        rows = differenced(model, x)
        hessians = np.einsum("kji,kjl->kil", rows, rows)
        for loss, scale in (("half-squares", 1), ("mse-sum", 2), ("mse-mean", 1)):
            for export in (export_jacobian, export_gram):
                with self.subTest(loss=loss, export=export.__name__):
                    export(model, x, self.out, loss=loss, force=True)
                    self.check(hessians, scale)

    def test_losses_are_those_of_torch(self):
        """The Hessian that model.toml stands for is torch's own, where residuals vanish."""
        model, x = network(3, hidden=1, inputs=1).double(), torch.randn(4, 1, dtype=torch.double)
        wanted = model(x).detach()
        losses = {"half-squares": lambda f: 0.5 * ((f - wanted) ** 2).sum(1).mean(),
                  "mse-sum": lambda f: ((f - wanted) ** 2).sum(1).mean(),
                  "mse-mean": lambda f: torch.nn.MSELoss()(f, wanted)}
        for name, loss in losses.items():
            facts = export_jacobian(model, x, self.out, loss=name, force=True)
            parameters = list(model.parameters())
            first = torch.autograd.grad(loss(model(x)), parameters, create_graph=True)
            flat = torch.cat([g.reshape(-1) for g in first])
            hessian = torch.stack([torch.cat([g.reshape(-1) for g in torch.autograd.grad(v, parameters,
                                                                                         retain_graph=True)])
                                   for v in flat]).numpy()
            rows = self.load("J.npy").reshape(12, -1)
            ours = facts["model"].get("loss_scale", 1) * rows.T @ rows / 4
            self.assertLess(np.abs(ours - hessian).max(), 1e-12, name)

    def test_cross_entropy_against_brute_force(self):
        model, x = network(3, hidden=1, inputs=1), torch.randn(4, 1)
        rows = differenced(model, x)
        pi = torch.softmax(model(x.double()), 1).detach().numpy()
        curvature = np.stack([np.diag(q) - np.outer(q, q) for q in pi])
        hessians = np.einsum("kji,kjm,kml->kil", rows, curvature, rows)
        for export in (export_jacobian, export_gram):
            export(model, x, self.out, loss="cross-entropy", force=True)
            self.check(hessians)

    def test_gradient_noise_at_a_minimum(self):
        """Linear regression has its minimum in closed form; below the threshold brink finds a stationary state."""
        x, y = torch.randn(8, 2, dtype=torch.double), torch.randn(8, 1, dtype=torch.double)
        model = torch.nn.Linear(2, 1, bias=False).double().eval()
        model.weight.data = torch.linalg.lstsq(x, y).solution.T
        export_jacobian(model, (x, y), self.out, loss="mse-mean", gradient_noise=True)
        residual = (model(x) - y).detach().numpy()
        self.assertLess(np.abs(self.load("b.npy") - residual * x.numpy()).max(), 1e-12)
        found = run_brink("threshold", "--config", os.path.join(self.out, "model.toml"), "--batch", 8, "--eta", 0.01)
        self.assertTrue(found["rows"][0]["growth"][0]["stable"])
        found = run_brink("threshold", "--config", os.path.join(self.out, "model.toml"), "--batch", 2, "--eta", 0.01)
        # The stationary covariance is the fixed point over every pair. Products of x and noise vanish: E x = 0.
        a, b = 2 * np.einsum("ki,kj->kij", x, x), 2 * residual * x.numpy()
        pairs, eta = list(itertools.combinations(range(8), 2)), 0.01
        left, right = np.eye(4), np.zeros(4)
        for pair in map(list, pairs):
            step, noise = np.eye(2) - eta * a[pair].mean(0), eta * b[pair].mean(0)
            left = left - np.kron(step, step) / len(pairs)
            right = right + np.kron(noise, noise) / len(pairs)
        trace = np.trace(np.linalg.solve(left, right).reshape(2, 2))
        stationary = found["rows"][0]["growth"][0]["stationary"]
        self.assertLess(abs(stationary["trace"] / trace - 1), 1e-8)


class Refusals(Scratch):
    def refuse(self, text, model, data, **options):
        with self.assertRaisesRegex(ExportError, text):
            export_jacobian(model, data, self.out, **options)
        self.assertEqual(os.listdir(self.path), [], "nothing is left behind")

    def test_states_in_which_there_is_no_jacobian(self):
        x = torch.randn(4, 2)
        self.refuse("training mode.*eval", network().train(), x)
        mixing = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2, track_running_stats=False)).eval()
        self.refuse("no running statistics", mixing, x)

        class Centered(torch.nn.Linear):
            def forward(self, x):
                return super().forward(x - x.mean(0))

        self.refuse("others in its batch", Centered(2, 2).eval(), x)

    def test_wrong_input(self):
        x = torch.randn(4, 2)
        broken = network()
        broken[0].weight.data[0, 0] = float("nan")
        self.refuse("not finite", broken, x)
        self.refuse("not finite", network(), torch.tensor([[1.0, float("inf")]]))
        self.refuse("no sample", network(), [])
        self.refuse("no parameter", network().requires_grad_(False), x)
        self.refuse("loss = huber", network(), x, loss="huber")
        self.refuse("outputs = 7: the model has 2", network(), x, outputs=7)
        self.refuse("at least 2", network(1), x, loss="cross-entropy")
        self.refuse("needs targets", network(), x, gradient_noise=True)
        self.refuse("labels from 0 to 5", network(), (x, torch.tensor([0, 1, 5, 0])), loss="cross-entropy",
                    gradient_noise=True)
        self.refuse("mean gradient", network(), (x, torch.randn(4, 2)), gradient_noise=True)
        self.refuse("block = 0", network(), x, block=0)

    def test_an_interrupted_export_leaves_the_earlier_one(self):
        model, x = network(), torch.randn(4, 2)
        export_jacobian(model, x, self.out)
        before = contents(self.out)
        with self.assertRaisesRegex(ExportError, "exists"):
            export_jacobian(model, x, self.out)

        class Interrupting(torch.nn.Linear):
            calls = 0

            def forward(self, x):
                Interrupting.calls += 1
                if Interrupting.calls > 4:
                    raise KeyboardInterrupt
                return super().forward(x)

        with self.assertRaises(KeyboardInterrupt):
            export_jacobian(Interrupting(2, 2).eval(), x, self.out, force=True, block=1)
        self.assertEqual(os.listdir(self.path), ["out"])
        self.assertEqual(before, contents(self.out))

    def test_force_replaces_exports_only(self):
        os.mkdir(self.out)
        with open(os.path.join(self.out, "thesis.tex"), "w", encoding="utf-8"):
            pass
        with self.assertRaisesRegex(ExportError, "no earlier export"):
            export_jacobian(network(), torch.randn(4, 2), self.out, force=True)
        self.assertEqual(os.listdir(self.out), ["thesis.tex"])


class CommandLine(Scratch):
    def test_definition_file(self):
        definition = os.path.join(self.path, "net.py")
        with open(definition, "w", encoding="utf-8") as file:
            file.write("import torch\ntorch.manual_seed(0)\nmodel = torch.nn.Linear(3, 2).eval()\n"
                       "def loader():\n    return [(torch.randn(4, 3), torch.randn(4, 2))] * 2\n")
        tool = [sys.executable, os.path.join(REPOSITORY, "tools", "export_torch.py")]
        done = subprocess.run([*tool, definition, self.out, "--loss", "mse-mean"], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        self.assertIn(b"of memory here", done.stderr)
        self.assertTrue(done.stdout.startswith(b"brink threshold --config"))
        run_brink(*done.stdout.decode().split()[1:])
        with open(os.path.join(self.out, "export.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["samples"], 8)
        self.assertEqual(main([definition, self.out]), 2)
        self.assertEqual(main([os.path.join(self.path, "absent.py"), self.out]), 2)
        self.assertEqual(main([definition, self.out, "--gram", "--gradient-noise"]), 2)


if __name__ == "__main__":
    unittest.main()
