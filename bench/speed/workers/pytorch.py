"""PyTorch's worker: the other side of protocol.ts. Fresh outputs for each call, as PyTorch's users get them."""

import json
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F


def load(directory, name, shape, channels_last):
    """A tensor of its own memory; channels last: [N, H, W, C] seen as [N, C, H, W], PyTorch's channels_last format."""
    values = torch.from_numpy(np.fromfile(pathlib.Path(directory) / name, dtype="<f4")).reshape(shape).clone()
    return values.movedim(-1, 1) if channels_last else values


def operation(bench, eps, mean, variance):
    """x, weight, bias -> y."""
    layer, op = bench["layer"], bench["op"]
    if layer == "LayerNorm":
        return lambda x, weight, bias: F.layer_norm(x, weight.shape, weight, bias, eps)
    if layer == "RMSNorm":
        return lambda x, weight, bias: F.rms_norm(x, weight.shape, weight, eps)
    if layer == "BatchNorm":
        training = op != "inference"
        return lambda x, weight, bias: F.batch_norm(x, mean, variance, weight, bias, training, 0.1, eps)
    if layer == "GroupNorm":
        return lambda x, weight, bias: F.group_norm(x, bench["groups"], weight, bias, eps)
    return lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias, eps=eps)


class Prepared:
    def __init__(self, request):
        bench, directory = request["bench"], request["inputs"]
        torch.set_num_threads(request["threads"])
        self.channels_last = bench["layout"] == "channels-last"
        image = lambda name: load(directory, name, bench["shape"], self.channels_last)
        vector = lambda name: load(directory, name, [-1], False)
        x, weight, bias = image("x"), vector("weight"), vector("bias")
        forward = operation(bench, request["eps"], vector("mean"), vector("variance"))
        if bench["op"] != "backward":
            self.call = lambda: forward(x, weight, bias)
            self.grad = False
            return
        # The graph is built once; only its gradient is timed: of x, weight and bias (RMSNorm has none).
        leaves = [x.requires_grad_(), weight.requires_grad_()]
        if bench["layer"] != "RMSNorm":
            leaves.append(bias.requires_grad_())
        dy = image("dy")
        y = forward(x, weight, bias)
        self.call = lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True)
        self.grad = True

    def write(self, file):
        with torch.set_grad_enabled(self.grad):
            results = self.call()
        results = list(results) if self.grad else [results]
        if self.channels_last:
            results[0] = results[0].movedim(1, -1)
        with open(file, "wb") as out:
            for tensor in results:
                tensor.detach().contiguous().numpy().tofile(out)

    def time(self, iterations):
        call = self.call
        with torch.set_grad_enabled(self.grad):
            start = time.perf_counter_ns()
            for _ in range(iterations):
                call()
            return (time.perf_counter_ns() - start) / iterations


def answer(prepared, request):
    if request["do"] == "release":
        prepared.clear()
        return {"version": VERSION}
    contender = request["contender"]
    if request["do"] == "prepare":
        prepared.pop(contender, None)
        made = Prepared(request)
        made.write(request["outputs"])
        prepared[contender] = made
        return {"prepared": [""]}
    if request["warmUp"] > 0:
        prepared[contender].time(request["warmUp"])
    return {"nanoseconds": [prepared[contender].time(request["iterations"])]}


def allocator():
    """Whether the preloaded allocator is really there: a wrong path is only a warning of the loader's."""
    maps = pathlib.Path("/proc/self/maps")
    return ", tcmalloc" if maps.exists() and "tcmalloc" in maps.read_text() else ""


VERSION = f"PyTorch {torch.__version__}{allocator()}"


def main():
    say = lambda reply: print(json.dumps(reply), flush=True)
    say({"version": VERSION})
    prepared = {}
    for line in sys.stdin:
        try:
            say(answer(prepared, json.loads(line)))
        except Exception as error:  # Told to the parent, whatever it is: the worker goes on.
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
