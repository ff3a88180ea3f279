"""What torch.save writes, read by brink: every number, through any view."""

import collections
import os
import tempfile
import unittest

import numpy as np
import torch

from support import run_brink


class TorchFiles(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = os.path.join(scratch.name, "m.pt")

    def thresholds(self, jacobian):
        found = run_brink("threshold", "--jacobian", jacobian, "--batch", "1,2")
        return [row["eta_mean_square"] for row in found["rows"]]

    def check(self, tensor, saved, name=""):
        """The array of the file is the tensor: same shape and range, and the same thresholds to the last bit."""
        torch.save(saved, self.path)
        inside = self.path + (":" + name if name else "")
        found = run_brink("inspect", inside)["array"]
        values = tensor.detach().double().numpy()
        self.assertEqual(found["shape"], list(values.shape))
        self.assertEqual((found["smallest"], found["largest"]), (values.min(), values.max()))
        np.save(self.path + ".npy", np.ascontiguousarray(values.astype(np.float64)))
        self.assertEqual(self.thresholds(inside), self.thresholds(self.path + ".npy"))

    def test_views(self):
        whole = torch.randn(6, 5, dtype=torch.double)
        for view in (whole, whole.t(), whole[1:, ::2], whole[:, 1:3].t(), whole.flip(0), whole.reshape(3, 2, 5),
                     whole[0].expand(4, 5), whole.reshape(2, 3, 5).permute(1, 0, 2)[1:]):
            with self.subTest(shape=view.shape, stride=view.stride()):
                self.check(view, view)

    def test_types(self):
        # Well conditioned: the coarse epsilon of bfloat16 must not take a direction for one without curvature.
        whole = torch.tensor([[4.0, 1, 0], [0, 4, 1], [1, 0, 4], [1, 2, -3]])
        for kind in (torch.double, torch.float, torch.half, torch.bfloat16, torch.long, torch.int, torch.short,
                     torch.int8):
            with self.subTest(kind=kind):
                self.check(whole.to(kind), whole.to(kind).t().contiguous().t())
        self.check(whole.abs().to(torch.uint8), whole.abs().to(torch.uint8))
        self.check(whole > 0, whole > 0)

    def test_containers(self):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        model(torch.randn(8, 3)).square().sum().backward()
        optimizer.step()
        checkpoint = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, 7: None}
        self.check(model[0].weight, model.state_dict(), "0.weight")
        self.check(model[0].weight, checkpoint, "model.0.weight")
        self.check(optimizer.state[model[0].weight]["momentum_buffer"], checkpoint, "optimizer.state.0.momentum_buffer")
        rows = torch.nn.Parameter(torch.randn(5, 2))
        self.check(rows, {"list": [1, (rows, "text")], "other": collections.OrderedDict(a=rows.detach())}, "list.1.0")

    def test_what_needs_a_program_is_refused(self):
        class Own:
            pass

        globals()["Own"] = Own
        Own.__qualname__ = "Own"
        rows = torch.randn(3, 2)
        for saved, says in ((torch.nn.Linear(2, 2), "Linear"), ({"rows": rows, "own": Own()}, "Own"),
                            (torch.complex(rows, rows), "Complex")):
            torch.save(saved, self.path)
            with self.assertRaisesRegex(AssertionError, says):
                run_brink("inspect", self.path)
        torch.save(rows, self.path, _use_new_zipfile_serialization=False)
        with self.assertRaisesRegex(AssertionError, "before 1.6"):
            run_brink("inspect", self.path)


if __name__ == "__main__":
    unittest.main()
