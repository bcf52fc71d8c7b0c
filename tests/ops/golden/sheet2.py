#!/usr/bin/env python3
"""sheet2.py - computes cases in the form of sheet2_float64.txt by PyTorch in float64, to add to that file.

    python3 sheet2.py FIRST SEED [OP...]     cases from number FIRST on, of these operations or of all

An operation is one line of OPS: how PyTorch calls it on its inputs, the shapes of these, the range that they are drawn from,
the attributes as tests/ops/calls.c reads them, and labels or indices. test_golden.c reads the file as a whole."""
import sys

import torch
import torch.nn.functional as F


def draw(shape, low=-2.0, high=2.0):
    return low + (high - low) * torch.rand(shape, dtype=torch.float64)


def one(shape=(3, 4), low=-2.0, high=2.0):
    return [draw(shape, low, high)]


def two(a=(3, 4), b=(4,), low=-2.0, high=2.0):
    return [draw(a, low, high), draw(b, low, high)]


INDEX = torch.tensor([[3, 0, 1, 2], [4, 1, 1, 3], [4, 4, 4, 4]])
LABELS = torch.tensor([2, 0, -100, 1])

# name: (function of the inputs, inputs, attributes, integers or None)
OPS = {
    "expm1": (torch.expm1, one, "", None),
    "rsqrt": (torch.rsqrt, lambda: one(low=0.25, high=4), "", None),
    "tan": (torch.tan, one, "", None),
    "asin": (torch.asin, lambda: one(low=-0.9, high=0.9), "", None),
    "acos": (torch.acos, lambda: one(low=-0.9, high=0.9), "", None),
    "atan": (torch.atan, one, "", None),
    "sinh": (torch.sinh, one, "", None),
    "cosh": (torch.cosh, one, "", None),
    "log_sigmoid": (F.logsigmoid, one, "", None),
    "softsign": (F.softsign, one, "", None),
    "sign": (torch.sign, one, "", None),
    "floor": (torch.floor, one, "", None),
    "ceil": (torch.ceil, one, "", None),
    "round": (torch.round, one, "", None),
    "atan2": (torch.atan2, two, "", None),
    "logaddexp": (torch.logaddexp, two, "", None),
    "xlogy": (torch.xlogy, lambda: two(low=0.25), "", None),
    "less": (lambda a, b: (a < b).double(), two, "", None),
    "less_equal": (lambda a, b: (a <= b).double(), two, "", None),
    "greater": (lambda a, b: (a > b).double(), two, "", None),
    "greater_equal": (lambda a, b: (a >= b).double(), two, "", None),
    "equal": (lambda a, b: (a == b).double(), two, "", None),
    "not_equal": (lambda a, b: (a != b).double(), two, "", None),
    "cumsum": (lambda x: x.cumsum(1), lambda: one((2, 3, 4)), "axis=1", None),
    "flip": (lambda x: x.flip(1), lambda: one((2, 3, 4)), "axis=1", None),
    "pad": (lambda x: F.pad(x, (1, 2), value=0.5), lambda: one((2, 3)), "axis=1 before=1 after=2 value=0.5", None),
    "stack": (lambda a, b: torch.stack([a, b], 1), lambda: two((2, 3), (2, 3)), "axis=1", None),
    "prod": (lambda x: x.prod(1), lambda: one((2, 3, 4)), "axis=1 keepdim=0", None),
    "norm": (lambda x: torch.linalg.vector_norm(x, dim=1), lambda: one((2, 3, 4)), "axis=1 keepdim=0", None),
    "std": (lambda x: x.std(1, unbiased=True), lambda: one((2, 3, 4)), "axis=1 keepdim=0 correction=1", None),
    "sum": (lambda x: x.sum((0, 2)), lambda: one((2, 3, 4)), "axes=0,2 keepdim=0", None),
    "mean": (lambda x: x.mean((0, 2)), lambda: one((2, 3, 4)), "axes=0,2 keepdim=0", None),
    "max": (lambda x: x.amax((0, 2)), lambda: one((2, 3, 4)), "axes=0,2 keepdim=0", None),
    "logsumexp": (lambda x: x.logsumexp((0, 2)), lambda: one((2, 3, 4)), "axes=0,2 keepdim=0", None),
    "var": (lambda x: x.var((0, 2), unbiased=True), lambda: one((2, 3, 4)), "axes=0,2 keepdim=0 correction=1", None),
    "tril": (lambda x: x.tril(-1), lambda: one((2, 3, 4)), "k=-1", None),
    "triu": (lambda x: x.triu(1), lambda: one((2, 3, 4)), "k=1", None),
    "diagonal": (lambda x: x.diagonal(dim1=-2, dim2=-1), lambda: one((2, 3, 4)), "", None),
    "take_along_axis": (lambda x: x.gather(1, INDEX), lambda: one((3, 5)), "axis=1", INDEX),
    "scatter_add": (lambda x, s: x.scatter_add(1, INDEX, s), lambda: two((3, 5), (3, 4)), "axis=1", INDEX),
    "index_select": (lambda x: x.index_select(1, INDEX[0]), lambda: one((2, 5, 3)), "axis=1", INDEX[0]),
    "embedding": (lambda w: F.embedding(INDEX, w), lambda: one((6, 2)), "", INDEX),
    "matmul": (torch.matmul, lambda: two((2, 3, 4), (4,)), "", None),
    "einsum": (lambda a, b: torch.einsum("bij,bjk->bik", a, b), lambda: two((2, 3, 4), (2, 4, 2)),
               "spec=bij,bjk->bik", None),
    "conv1d": (lambda x, w, b: F.conv1d(x, w, b, 2, 1), lambda: one((2, 4, 7)) + two((3, 4, 3), (3,)),
               "stride=2 padding=1 dilation=1 groups=1", None),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, 2, 1, 1, 2), lambda: one((2, 4, 6, 5)) + two((6, 2, 3, 3), (6,)),
               "stride=2 padding=1 dilation=1 groups=2", None),
    "conv_transpose2d": (lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1),
                         lambda: one((2, 4, 3, 4)) + two((4, 3, 3, 3), (3,)), "stride=2 padding=1 dilation=1 groups=1",
                         None),
    "max_pool1d": (lambda x: F.max_pool1d(x, 3, 2, 1), lambda: one((2, 3, 7)), "size=3 stride=2 padding=1", None),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1), lambda: one((2, 2, 6, 5)), "size=3 stride=2 padding=1", None),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 3, 2, 1), lambda: one((2, 3, 7)), "size=3 stride=2 padding=1", None),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 3, 2, 1), lambda: one((2, 2, 6, 5)), "size=3 stride=2 padding=1", None),
    "batch_norm": (lambda x, g, b: F.batch_norm(x, None, None, g, b, True, 0.1, 1e-5),
                   lambda: one((4, 3, 2)) + two((3,), (3,)), "eps=1e-05 mode=training", None),
    "group_norm": (lambda x, g, b: F.group_norm(x, 2, g, b, 1e-5), lambda: one((2, 4, 3)) + two((4,), (4,)),
                   "groups=2 eps=1e-05", None),
    "rms_norm": (lambda x, g: x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * g, two, "eps=1e-06", None),
    "attention": (lambda q, k, v: torch.softmax(q @ k.mT / 2, -1) @ v, lambda: one((2, 3, 4)) + two((2, 5, 4), (2, 5, 2)),
                  "causal=0", None),
    "l1_loss": (F.l1_loss, lambda: two((3, 4), (3, 4)), "reduction=mean", None),
    "huber_loss": (lambda x, y: F.huber_loss(x, y, delta=0.7), lambda: two((3, 4), (3, 4)), "reduction=mean delta=0.7",
                   None),
    "cross_entropy": (lambda x: F.cross_entropy(x, LABELS, ignore_index=-100, label_smoothing=0.1), lambda: one((4, 5)),
                      "reduction=mean ignore_index=-100 label_smoothing=0.1", LABELS),
}
CONSTANTS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


def shape_text(x):
    return " ".join(str(n) for n in (x.dim(), *x.shape))


def values_text(x):
    return " ".join(float(v).hex() for v in x.detach().reshape(-1))


def print_case(number, op):
    function, inputs, attributes, integers = OPS[op]
    xs = [x.requires_grad_() for x in inputs()]
    y = function(*xs)
    print("case", number, op, attributes)
    if integers is not None:
        print("ints", shape_text(integers))
        print(" ".join(str(int(i)) for i in integers.reshape(-1)))
    for x in xs:
        print("in", shape_text(x))
        print(values_text(x))
    print("out", shape_text(y))
    print(values_text(y))
    if op not in CONSTANTS:
        cotangent = torch.randn(y.shape, dtype=torch.float64)
        print("cotangent")
        print(values_text(cotangent))
        for x, g in zip(xs, torch.autograd.grad(y, xs, cotangent, allow_unused=True)):
            print("grad")
            print(values_text(torch.zeros_like(x) if g is None else g))
    print("end")


def main():
    torch.manual_seed(int(sys.argv[2]))
    for i, op in enumerate(sys.argv[3:] or OPS):
        print_case(int(sys.argv[1]) + i, op)


if __name__ == "__main__":
    main()
