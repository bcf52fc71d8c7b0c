#!/usr/bin/env python3
# pytorch.py - the rows of bench_backprop and some of bench_ops in PyTorch. Reads names of rows, one a line, and answers
# each with microseconds: of a sample for a network's whole training step, of a call for an operation on a million
# float32 elements. compare.py drives it; by hand:  echo '784-300-10 relu, batch 128, 1 thread' | pytorch.py
import ctypes
import re
import statistics
import sys
import time

try:
    import torch
except ImportError:
    sys.exit('pytorch.py: PyTorch is not installed (Debian: python3-torch)')

SECONDS = 0.4  # for each answer
NETWORK = re.compile(r'^([\d-]+) (relu|sigmoid), batch (\d+), (\d+) threads?$')


def training_step(sizes, activation, batch):
    """zero_grad, forward, backward and the update of plain gradient descent."""
    torch.manual_seed(1)
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(n_in, n_out), {'relu': torch.nn.ReLU, 'sigmoid': torch.nn.Sigmoid}[activation]()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x = torch.rand(batch, sizes[0])
    labels = torch.arange(batch) % sizes[-1]

    def step():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()
    return step


def operation(name):
    """One call on a million elements, its result written to memory that is already there."""
    x = torch.rand(1000, 1000) + 0.5
    y = torch.empty_like(x)
    if name == 'add':
        other = torch.rand(1000, 1000)
        return lambda: torch.add(x, other, out=y)
    if name == 'softmax':
        return lambda: torch.softmax(x, 1)
    function = getattr(torch, name)
    return lambda: function(x, out=y)


def seconds_a_run(run):
    """The median over slices of about a millisecond, after a warm-up."""
    for _ in range(3):
        run()
    start = time.perf_counter()
    run()
    runs = max(1, int(1e-3 / (time.perf_counter() - start)))
    slices = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(slices) < 3:
        start = time.perf_counter()
        for _ in range(runs):
            run()
        slices.append((time.perf_counter() - start) / runs)
    return statistics.median(slices)


def set_threads(n):
    """PyTorch's own threads, and those of the OpenBLAS under it, which do not follow them."""
    torch.set_num_threads(n)
    for library in 'libblas.so.3', 'libopenblas.so.0':
        try:
            ctypes.CDLL(library).openblas_set_num_threads(n)
        except (OSError, AttributeError):
            pass  # another BLAS, or none


def answer(name):
    network = NETWORK.match(name)
    set_threads(int(network[4]) if network else 1)
    if not network:
        with torch.no_grad():
            return seconds_a_run(operation(name)) * 1e6
    batch = int(network[3])
    return seconds_a_run(training_step([int(n) for n in network[1].split('-')], network[2], batch)) / batch * 1e6


def main():
    torch.set_flush_denormal(False)
    print(f'PyTorch {torch.__version__}', flush=True)
    for line in sys.stdin:
        print(answer(line.rstrip('\n')), flush=True)


main()
