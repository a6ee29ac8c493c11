"""PyTorch's part of the accuracy table: pytorch.py DIRECTORY reads manifest.json and N.in, writes N.out.

N.in: x, dy, weight, bias; N.out: y, dx, dweight, dbias; float32 each, in the layout of the manifest's shape.
Prints PyTorch's version.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F


def call(case, x, weight, bias):
    op, eps = case["op"], case["eps"]
    if op == "layer_norm":
        return F.layer_norm(x, [case["parameters"]], weight, bias, eps)
    if op == "rms_norm":
        # PyTorch's RMSNorm has no bias; it is added as a network would.
        return F.rms_norm(x, [case["parameters"]], weight, eps) + bias
    if op == "batch_norm":
        return F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)
    if op == "group_norm":
        return F.group_norm(x, case["groups"], weight, bias, eps)
    return F.instance_norm(x, weight=weight, bias=bias, eps=eps)


def run(case, values):
    shape, parameters = case["shape"], case["parameters"]
    size = int(np.prod(shape))
    x, dy, weight, bias = torch.from_numpy(values).split([size, size, parameters, parameters])
    x, dy = x.reshape(shape), dy.reshape(shape)
    if case["channelsLast"]:
        # [N, H, W, C] in memory, seen as [N, C, H, W]: PyTorch's channels_last memory format.
        x, dy = x.movedim(-1, 1), dy.movedim(-1, 1)
    leaves = [tensor.detach().requires_grad_() for tensor in (x, weight, bias)]
    y = call(case, *leaves)
    y.backward(dy)
    results = [y.detach(), *(leaf.grad for leaf in leaves)]
    if case["channelsLast"]:
        results[:2] = [tensor.movedim(1, -1) for tensor in results[:2]]
    return np.concatenate([tensor.contiguous().numpy().ravel() for tensor in results])


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    for index, entry in enumerate(json.loads((directory / "manifest.json").read_text())):
        run(entry, np.fromfile(directory / f"{index}.in", dtype="<f4")).tofile(directory / f"{index}.out")
    print(torch.__version__)
