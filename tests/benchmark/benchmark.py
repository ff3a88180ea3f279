"""Runs every benchmark and writes the results as Markdown to standard output; progress goes to standard error."""

import importlib.util
import json
import os
import subprocess
import sys

import bounds
import phase_diagram
from common import better_kernels, machine_facts, require_openblas, table, under_each_choice_of_kernels


def note(text):
    print(text, file=sys.stderr, flush=True)


def bounds_section(program):
    n, r, batch, ours, our_time, theirs, their_time, difference = bounds.measure(program)
    return table(("n", "r", "B", "conditions, brink", "brink, s", "conditions, SciPy", "SciPy, s",
                  "largest relative difference"),
                 [(f"{n}", f"{r}", f"{batch}", f"{ours}", f"{our_time:.2f}", f"{theirs}", f"{their_time:.2f}",
                   f"{difference:.0e}")])


def product_section(program):
    output = subprocess.run([program, "--benchmark_format=json", "--benchmark_min_time=1"], check=True,
                            env={**os.environ, **better_kernels()}, stdout=subprocess.PIPE).stdout
    speeds = {}
    for run in json.loads(output)["benchmarks"]:
        name, *shape = run["name"].split("/")
        speeds.setdefault(tuple(shape), {})[name] = run["GF/s"]
    rows = [(n, r, f"{s['dgemm']:.1f}", f"{s['gather']:.1f}", f"{s['gather'] / s['dgemm']:.0%}", f"{s['spread']:.1f}",
             f"{s['spread'] / s['dgemm']:.0%}") for (n, r), s in speeds.items()]
    return table(("n", "r", "DGEMM", "gather", "of DGEMM", "spread", "of DGEMM"), rows)


def main():
    brink, second_moment, network_speed, compiler = sys.argv[1:]
    require_openblas()
    facts = machine_facts(compiler)
    note("second-moment product beside DGEMM")
    products = product_section(second_moment)
    note("thresholds against SciPy")
    thresholds = under_each_choice_of_kernels("threshold.py", brink)
    note("stability conditions against SciPy")
    conditions = bounds_section(brink)
    note("simulation against NumPy")
    simulations = under_each_choice_of_kernels("simulation.py", brink)
    note("phase diagrams")
    diagrams = table(phase_diagram.HEADER, phase_diagram.measure(brink))
    note("networks against PyTorch")
    has_torch = importlib.util.find_spec("torch") is not None
    networks = under_each_choice_of_kernels("network.py", network_speed) if has_torch else None
    print("# Benchmark results\n")
    print("Written by `tests/benchmark/run`; run it again to measure another machine. Times are the best of several runs.")
    print("Values are compared before times: thresholds to 1e-7, Lyapunov exponents within their standard errors.\n")
    print("\n".join(f"- {fact}" for fact in facts))
    print("\n## Heavy-ball thresholds\n")
    print("`brink threshold` as a whole process, start-up included, against SciPy's `eigsh` inside a running Python.")
    print("Both read the rows from an .npy file and do their own eigendecomposition. Where OpenBLAS does not know the processor,")
    print("brink makes it take better kernels than it would; the second table gives them to SciPy too.\n")
    print(thresholds)
    print("\n## Stability conditions\n")
    print("`brink threshold --bounds`, one cell, every condition and the exact threshold, as a whole process; SciPy only the")
    print("conditions that are eigenvalues of r × r matrices or traces, without `rank-one`, `batch-gap`, `every-batch` and the")
    print("exact threshold, where the work is.\n")
    print(conditions)
    print("\n## Trajectories\n")
    print("Million replica-steps per second, heavy ball, without replacement, double precision. NumPy at the fastest of")
    print("its ways to draw batches, to multiply, and chunk sizes. Rows streamed: B·r·8 bytes a replica-step, at random places;")
    print("beside it what one core reads of the same rows in order.\n")
    print(simulations)
    print("\n## Phase diagrams\n")
    print("`brink sweep` on 256 Gaussian rows of rank 200, 200 batch sizes × 200 step sizes, two threads, the whole process with")
    print("its figures. Held-out cells are those that a finer first grid computes.\n")
    print(diagrams)
    print("\n## Second-moment products\n")
    print("GF/s. Gather and spread are symmetric, n·r² operations each; DGEMM is the general product of the same shape, all with")
    print("the kernels that brink takes.\n")
    print(products)
    print("\n## Networks\n")
    if networks is None:
        print("Not measured: python3-torch is not installed.")
        return
    print("784-200-200-10, half squares, heavy ball, single precision, one thread, against PyTorch: training steps and")
    print("Hessian-vector products a second. PyTorch multiplies with OpenBLAS; Brink too where a batch has more than 16 rows.")
    print("Products: double backward from a fresh graph, as at a new θ; kept: further products with the same batch at the same θ,")
    print("through a graph that was kept, against what `hessian_at` keeps.\n")
    print(networks)


if __name__ == "__main__":
    main()
