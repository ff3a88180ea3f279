#!/usr/bin/env python3
"""Exports the linearization of a PyTorch model at its present parameters, for brink. docs/pytorch.md.

    export_torch.py definition.py OUT [--gram] [--loss LOSS] [--gradient-noise] ...

definition.py defines `model` (a torch.nn.Module in evaluation mode) and `loader` (batches of inputs, or of
(inputs, targets)); either may be a function without arguments that returns it. OUT becomes a directory:

    J.npy       (n, c, p)     derivative of output j of sample k in the parameters; p in the order of
                              torch.nn.utils.parameters_to_vector over the parameters that require a gradient
    K.npy       (n*c, n*c)    J Jᵀ instead of J (--gram), made of blocks of samples: J is never whole, in memory or on disk
    S.npy       (n, c, c)     cross-entropy only: Hessian diag(π) − π πᵀ of the loss in the outputs
    b.npy       (n, p)        --gradient-noise: gradient of each sample's loss
    model.toml                for `brink threshold --config OUT/model.toml`
    export.json               the convention in words, shapes, layout of the parameters, the command

Nothing of OUT exists before all of it is written. Needs torch 1.13 or later, and not torch.func.
"""

import argparse
import contextlib
import copy
import json
import math
import os
import runpy
import shutil
import sys
import tempfile
import warnings

import numpy as np
import torch

# What each loss is, and s, its multiple of the mean over samples of half squares, for c outputs.
LOSSES = {
    "half-squares": ("mean over samples of half the squared error summed over outputs", lambda c: 1.0),
    "mse-sum": ("mean over samples of the squared error summed over outputs", lambda c: 2.0),
    "mse-mean": ("torch.nn.MSELoss(): squared error, mean over samples and outputs", lambda c: 2.0 / c),
    "cross-entropy": ("torch.nn.CrossEntropyLoss(): softmax cross-entropy, mean over samples", lambda c: 1.0),
}
TYPES = {"float32": torch.float32, "float64": torch.float64}
MEAN_GRADIENT_LIMIT = 1e-6  # of the rms over samples: brink refuses a larger mean


class ExportError(ValueError):
    """What was asked for cannot be exported; the message says why and what would do."""


def export_jacobian(model, data, directory, *, loss="half-squares", outputs=None, dtype="float64",
                    gradient_noise=False, center=False, block=None, force=False, log=None):
    """Writes J.npy and what belongs to it into `directory`; returns the contents of export.json.

    data: batches of inputs or of (inputs, targets), or one such pair of tensors. loss: a key of LOSSES. outputs: c, if it
    is to be checked. dtype: of the derivatives and the files; the model itself is left alone. gradient_noise: b.npy,
    for a minimum that does not interpolate; center subtracts the mean of b where it is not zero. block: samples at a
    time (default: what fits into 256 MB). force: replaces an earlier export.
    """
    problem = _Problem(model, data, loss, outputs, dtype)
    n, c, p = problem.shape
    block = problem.block(block, log)
    size = problem.itemsize * (n * c * p + (n * p if gradient_noise else 0))
    _say(log, f"J: {n} samples x {c} outputs x {p} parameters, {_bytes(size)} on disk; "
              f"{_bytes(problem.block_bytes(block))} of memory here, {_bytes(8 * n * c * p)} in brink")
    with _directory(directory, force, size) as folder:
        rows = _new_array(folder, "J.npy", problem.type, (n, c, p))
        noise = _new_array(folder, "b.npy", problem.type, (n, p)) if gradient_noise else None
        residuals = problem.residuals() if gradient_noise else None
        for first in range(0, n, block):
            last = min(first + block, n)
            part = problem.rows(first, last)
            rows[first:last] = part
            if gradient_noise:
                noise[first:last] = np.einsum("kj,kjp->kp", residuals[first:last], part)
        keys = {"kind": "jacobian", "file": "J.npy"}
        if gradient_noise:
            keys["gradient_noise"] = "b.npy"
            _check_mean(noise, center, log)
        for array in (rows, noise):
            if array is not None:
                array.flush()
        return _finish(folder, directory, problem, keys, {"gradient_noise_centered": center} if gradient_noise else {})


def export_gram(model, data, directory, *, loss="half-squares", outputs=None, dtype="float64", block=None, force=False,
                log=None):
    """Writes K.npy = J Jᵀ and what belongs to it; the arguments are those of export_jacobian. Two blocks of J are in
    memory at a time; each is differentiated once for every pair it is in, so n / (2 · block) times on average."""
    problem = _Problem(model, data, loss, outputs, dtype)
    n, c, p = problem.shape
    block = problem.block(block, log)
    size = problem.itemsize * (n * c) ** 2
    _say(log, f"K: {n * c} x {n * c} from {p} parameters, {_bytes(size)} on disk; "
              f"{_bytes(2 * problem.block_bytes(block))} of memory here, {_bytes(8 * (n * c) ** 2)} in brink")
    with _directory(directory, force, size) as folder:
        gram = _new_array(folder, "K.npy", problem.type, (n * c, n * c))
        for first in range(0, n, block):
            last = min(first + block, n)
            left = problem.rows(first, last).reshape(-1, p)
            here = slice(first * c, last * c)
            for other in range(0, first + 1, block):
                end = min(other + block, n)
                right = left if other == first else problem.rows(other, end).reshape(-1, p)
                product = left @ right.T
                if other == first:
                    product = (product + product.T) / 2  # BLAS rounds the two halves differently
                gram[here, other * c:end * c] = product
                gram[other * c:end * c, here] = product.T
        gram.flush()
        return _finish(folder, directory, problem, {"kind": "gram", "file": "K.npy", "outputs": c}, {})


class _Problem:
    """A model and its samples, checked: n, c, p, the rows of the Jacobian, and what the loss adds to it."""

    def __init__(self, model, data, loss, outputs, dtype):
        if loss not in LOSSES:
            raise ExportError(f"loss = {loss}: need one of {', '.join(LOSSES)}")
        if dtype not in TYPES:
            raise ExportError(f"dtype = {dtype}: need one of {', '.join(TYPES)}")
        _check_mode(model)
        self.loss, self.type, self.itemsize = loss, np.dtype(dtype), np.dtype(dtype).itemsize
        try:
            self.model = copy.deepcopy(model).to(device="cpu", dtype=TYPES[dtype])
        except RuntimeError as problem:
            raise ExportError(f"the model cannot be copied ({problem}): load its state into a fresh one") from problem
        self.names, self.parameters = [], []
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                self.names.append(name)
                self.parameters.append(parameter)
        if not self.parameters:
            raise ExportError("the model has no parameter that requires a gradient")
        # All inputs are kept, so that a loader that shuffles or augments cannot give two blocks different samples.
        self.inputs, self.targets = _collect(data, TYPES[dtype])
        self.values = self._evaluate()
        n, c = self.values.shape
        self.shape = (n, c, sum(q.numel() for q in self.parameters))
        if outputs is not None and outputs != c:
            raise ExportError(f"outputs = {outputs}: the model has {c}")
        if loss == "cross-entropy" and c < 2:
            raise ExportError(f"cross-entropy needs one output for each class, at least 2; the model has {c}")

    def _evaluate(self, chunk=256):
        with torch.no_grad():
            parts = [self._flat(self.model(self.inputs[i:i + chunk]), min(chunk, len(self.inputs) - i))
                     for i in range(0, len(self.inputs), chunk)]
            values = torch.cat(parts).numpy()
            alone = self._flat(self.model(self.inputs[:1]), 1).numpy()[0]
        if not np.isfinite(values).all():
            bad = int(np.argmin(np.isfinite(values).all(axis=1)))
            raise ExportError(f"the outputs of sample {bad} are not finite: the training has diverged")
        scale = np.abs(values).max() + np.finfo(self.type).tiny
        if np.abs(alone - values[0]).max() > 1e3 * np.finfo(self.type).eps * scale:
            raise ExportError("the outputs of a sample change with the others in its batch (or from call to call): its "
                              "loss is not a function of the parameters alone, so there is no Jacobian to export")
        return values

    @staticmethod
    def _flat(values, samples):
        if not torch.is_tensor(values) or values.dim() < 1 or values.shape[0] != samples:
            found = tuple(values.shape) if torch.is_tensor(values) else type(values).__name__
            raise ExportError(f"the model returns {found} for {samples} samples: need a tensor ({samples}, c)")
        return values.reshape(samples, -1)

    def rows(self, first, last):
        """J of samples first..last-1: (last − first, c, p)."""
        _, c, p = self.shape
        rows = np.empty((last - first, c, p), self.type)
        for k in range(first, last):
            rows[k - first] = self._sample_rows(self.inputs[k:k + 1], c)
        if not np.isfinite(rows).all():
            bad = first + int(np.argmin(np.isfinite(rows).all(axis=(1, 2))))
            raise ExportError(f"the derivatives of sample {bad} are not finite")
        return rows

    def _sample_rows(self, sample, c):
        values = self._flat(self.model(sample), 1)[0]
        if not values.requires_grad:
            raise ExportError("the outputs do not depend on the parameters (torch.no_grad or detach in the model?)")
        gradients = None
        if c > 1 and not getattr(self, "unbatched", False):
            try:  # all outputs in one pass; some operations have no batched derivative
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    gradients = torch.autograd.grad(values, self.parameters, torch.eye(c, dtype=values.dtype),
                                                    retain_graph=True, allow_unused=True, is_grads_batched=True)
            except (RuntimeError, TypeError):
                self.unbatched = True
        if gradients is not None:
            return np.concatenate([np.zeros((c, q.numel())) if g is None else g.detach().numpy().reshape(c, -1)
                                   for g, q in zip(gradients, self.parameters)], axis=1)
        rows = []
        for value in values:
            row = torch.autograd.grad(value, self.parameters, retain_graph=True, allow_unused=True)
            rows.append(np.concatenate([np.zeros(q.numel()) if g is None else g.detach().numpy().ravel()
                                        for g, q in zip(row, self.parameters)]))
        return np.stack(rows)

    def probabilities(self):
        shifted = np.exp(self.values - self.values.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)

    def output_curvature(self):
        pi = self.probabilities()
        return np.einsum("ki,ij->kij", pi, np.eye(pi.shape[1])) - pi[:, :, None] * pi[:, None, :]

    def residuals(self):
        """∂ℓ_k/∂f, (n, c): f − y of half squares, whose multiple is loss_scale, or π − y of cross-entropy."""
        n, c, _ = self.shape
        if self.targets is None:
            raise ExportError("--gradient-noise needs targets: a loader of (inputs, targets)")
        targets = self.targets
        if self.loss == "cross-entropy" and targets.dim() == 1 and not targets.is_floating_point():
            labels = targets.numpy()
            if labels.min() < 0 or labels.max() >= c:
                raise ExportError(f"labels from {labels.min()} to {labels.max()}: need 0 to {c - 1}")
            wanted = np.eye(c)[labels]
        elif targets.numel() == n * c:
            wanted = targets.numpy().reshape(n, c).astype(float)
        else:
            raise ExportError(f"targets have shape {tuple(targets.shape)}: need ({n}, {c}) for {self.loss}")
        found = self.probabilities() if self.loss == "cross-entropy" else self.values
        return found.astype(float) - wanted

    def block_bytes(self, block):
        _, c, p = self.shape
        # the rows, and for one sample the pieces they are joined from
        return self.itemsize * (block + 2) * c * p

    def block(self, wanted, log):
        n, c, p = self.shape
        if wanted is not None and wanted < 1:
            raise ExportError(f"block = {wanted}: need at least 1 sample")
        block = min(n, wanted or max(1, 256_000_000 // (self.itemsize * c * p)))
        available = _available_memory()
        if 2 * self.block_bytes(block) > available:
            raise ExportError(f"blocks of {block} samples need {_bytes(2 * self.block_bytes(block))}, and "
                              f"{_bytes(available)} are free: choose a smaller block")
        return block


def _check_mode(model):
    if not isinstance(model, torch.nn.Module):
        raise ExportError(f"model is a {type(model).__name__}: need a torch.nn.Module")
    for name, module in model.named_modules():
        where = f"{name or 'the model'} ({type(module).__name__})"
        if module.training:
            raise ExportError(f"{where} is in training mode, where dropout and batch statistics act: call model.eval()")
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.running_mean is None:
            raise ExportError(f"{where} keeps no running statistics, so it mixes the samples of a batch even in "
                              "evaluation mode: use track_running_stats=True")


def _collect(data, dtype):
    pair = isinstance(data, (tuple, list)) and len(data) == 2 and all(torch.is_tensor(part) for part in data)
    inputs, targets = [], []
    for item in ([data] if pair or torch.is_tensor(data) else data):
        x, y = item if isinstance(item, (tuple, list)) and len(item) == 2 else (item, None)
        if isinstance(x, (tuple, list)) and len(x) == 1:
            x = x[0]
        if not torch.is_tensor(x) or not x.dim() or not (y is None or torch.is_tensor(y) and len(y) == len(x)):
            raise ExportError("the loader must give tensors: inputs, or (inputs, targets) of equal length")
        inputs.append(x.detach().cpu())
        if y is not None:
            targets.append(y.detach().cpu())
    if not sum(map(len, inputs)):
        raise ExportError("the loader gives no sample")
    x = torch.cat(inputs)
    x = x.to(dtype) if x.is_floating_point() else x
    if x.is_floating_point() and not torch.isfinite(x).all():
        raise ExportError("the inputs hold numbers that are not finite")
    return x, torch.cat(targets) if len(targets) == len(inputs) else None


def _check_mean(noise, center, log):
    mean = noise.mean(axis=0, dtype=float)
    rms = math.sqrt(np.mean(np.sum(np.square(noise, dtype=float), axis=1)))
    ratio = np.linalg.norm(mean) / rms if rms > 0 else 0.0
    if rms == 0:
        raise ExportError("every gradient is zero: the minimum interpolates, leave out the gradient noise")
    if ratio <= MEAN_GRADIENT_LIMIT:
        return
    if not center:
        raise ExportError(f"the mean gradient is {ratio:.1e} of the rms over samples, at a minimum at most "
                          f"{MEAN_GRADIENT_LIMIT:.0e}: train on in double precision, or give center (--center)")
    _say(log, f"warning: not a minimum: the mean gradient, {ratio:.1e} of the rms over samples, was subtracted")
    for row in noise:
        row -= mean.astype(noise.dtype)


def _finish(folder, directory, problem, keys, more):
    n, c, p = problem.shape
    text, scale = LOSSES[problem.loss]
    if scale(c) != 1:
        keys["loss_scale"] = scale(c)
    if problem.loss == "cross-entropy":
        keys["output_curvature"] = "S.npy"
        np.save(os.path.join(folder, "S.npy"), problem.output_curvature().astype(problem.type))
    layout, offset = [], 0
    for name, parameter in zip(problem.names, problem.parameters):
        layout.append({"name": name, "shape": list(parameter.shape), "offset": offset})
        offset += parameter.numel()
    config = os.path.join(os.fspath(directory), "model.toml")
    facts = {
        "schema": "brink.torch-export/1", "samples": n, "outputs": c, "parameters": p, "dtype": problem.type.name,
        "loss": problem.loss, "loss_convention": text, "model": keys,
        "rows": "output j of sample k is row k*c + j; samples in the order of the loader",
        "parameter_layout": layout, "torch": torch.__version__,
        "command": f"brink threshold --config {config} --rule heavy-ball --momentum 0,0.9 --batch 1,{n}", **more}
    with open(os.path.join(folder, "export.json"), "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=2, ensure_ascii=False)
        file.write("\n")
    with open(os.path.join(folder, "model.toml"), "w", encoding="utf-8") as file:
        file.write(f"# Loss: {text}.\n# Written by export_torch.py; export.json says what each array holds.\n[model]\n")
        file.writelines(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    return facts


@contextlib.contextmanager
def _directory(target, force, size):
    """A new folder beside `target` that takes its name when everything in it is written, and else vanishes."""
    target = os.path.abspath(os.fspath(target))
    ours = {"J.npy", "K.npy", "S.npy", "b.npy", "model.toml", "export.json"}
    if os.path.lexists(target):
        if not force:
            raise ExportError(f"{target} exists: choose another name or give force (--force)")
        if not os.path.isdir(target) or not set(os.listdir(target)) <= ours:
            raise ExportError(f"{target} is no earlier export, and is left alone")
    parent = os.path.dirname(target)
    os.makedirs(parent, exist_ok=True)
    free = shutil.disk_usage(parent).free
    if size > free:
        raise ExportError(f"the export needs {_bytes(size)}, and {_bytes(free)} are free in {parent}")
    folder = tempfile.mkdtemp(prefix=f".{os.path.basename(target)}.", dir=parent)
    try:
        yield folder
        os.chmod(folder, 0o755)
        old = tempfile.mkdtemp(prefix=f".{os.path.basename(target)}.", dir=parent) if os.path.isdir(target) else None
        if old:
            os.replace(target, old)
        os.replace(folder, target)
        if old:
            shutil.rmtree(old)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _new_array(folder, name, dtype, shape):
    return np.lib.format.open_memmap(os.path.join(folder, name), mode="w+", dtype=dtype, shape=shape)


def _available_memory():
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return sys.maxsize


def _bytes(count):
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _say(log, text):
    if log is not None:
        log(text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("definition", help="Python file that defines model and loader")
    parser.add_argument("out", help="directory to write")
    parser.add_argument("--gram", action="store_true", help="K = J Jᵀ instead of J")
    parser.add_argument("--loss", choices=LOSSES, default="half-squares", help="default %(default)s")
    parser.add_argument("--outputs", type=int, help="c, checked against the model")
    parser.add_argument("--dtype", choices=TYPES, default="float64", help="of derivatives and files (%(default)s)")
    parser.add_argument("--gradient-noise", action="store_true", help="b.npy, for a minimum that does not interpolate")
    parser.add_argument("--center", action="store_true", help="subtract the mean gradient from b")
    parser.add_argument("--block", type=int, help="samples at a time")
    parser.add_argument("--force", action="store_true", help="replace an earlier export")
    options = parser.parse_args(arguments)

    def log(text):
        print(text, file=sys.stderr)

    shared = {key: getattr(options, key) for key in ("loss", "outputs", "dtype", "block", "force")}
    try:
        if not os.path.isfile(options.definition):
            raise ExportError(f"{options.definition} is no file")
        names = runpy.run_path(options.definition, run_name="definition")
        found = {}
        for name in ("model", "loader"):
            if name not in names:
                raise ExportError(f"{options.definition} defines no `{name}`")
            value = names[name]
            found[name] = value() if callable(value) and not isinstance(value, torch.nn.Module) else value
        if options.gram:
            if options.gradient_noise or options.center:
                raise ExportError("gradients live in parameter space: --gradient-noise needs J, leave out --gram")
            facts = export_gram(found["model"], found["loader"], options.out, log=log, **shared)
        else:
            facts = export_jacobian(found["model"], found["loader"], options.out, log=log, center=options.center,
                                    gradient_noise=options.gradient_noise, **shared)
    except ExportError as error:
        print(f"export_torch.py: {error}", file=sys.stderr)
        return 2
    print(facts["command"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
