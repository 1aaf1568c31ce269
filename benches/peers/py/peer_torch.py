"""PyTorch, eager or torch.compile.

Variant: '+'-joined from t1|t2 (threads), fused (the optimizer), compile (forward and loss, hence
backward, through inductor; the optimizer stays eager), optcompile (the optimizer step too).
"""
import sys
import common

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def build(w):
    layers = []
    if w.kind == "lenet":
        layers += [nn.Conv2d(1, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
                   nn.Conv2d(32, 64, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        sizes = w.sizes[1:]
    else:
        sizes = w.sizes
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
    net = nn.Sequential(*layers)
    with torch.no_grad():
        for p, init in zip(net.parameters(), w.params, strict=True):
            p.copy_(torch.from_numpy(init))
    return net


def run(w, variant):
    flags = variant.split("+")
    torch.set_num_threads(1 if "t1" in flags else 2)
    fused = True if "fused" in flags else None
    net = build(w)
    w.release()
    if w.loss == "bce":
        loss_of = lambda out, y: F.binary_cross_entropy_with_logits(out, y)
    else:
        loss_of = F.cross_entropy
    data = []
    for x, y in w.batches():
        x, y = torch.from_numpy(x), torch.from_numpy(y)
        if w.kind == "lenet":
            x = x.view(-1, 1, 28, 28)
        data.append((x, y.float().view(-1, 1) if w.loss == "bce" else y.long()))

    if w.kind == "infer":
        call = torch.compile(net) if "compile" in flags else net

        def one_pass():
            with torch.inference_mode():
                for x, _ in data:
                    out = call(x)
            return loss_of(out, data[-1][1]).item()

        with torch.inference_mode():
            first = loss_of(call(data[0][0]), data[0][1]).item()
        common.measure("torch", w, variant, one_pass, first)
        return

    if w.opt == "adam":
        opt = torch.optim.Adam(net.parameters(), lr=w.lr, fused=fused)
    else:
        opt = torch.optim.SGD(net.parameters(), lr=w.lr, momentum=0.9 if w.opt == "momentum" else 0.0, fused=fused)

    def forward_loss(x, y):
        return loss_of(net(x), y)

    if "compile" in flags:
        forward_loss = torch.compile(forward_loss)
    update = opt.step
    if "optcompile" in flags:
        update = torch.compile(lambda: opt.step())
    with torch.no_grad():
        first = loss_of(net(data[0][0]), data[0][1]).item()

    def one_pass():
        for _ in range(w.epochs):
            for x, y in data:
                opt.zero_grad()
                loss = forward_loss(x, y)
                loss.backward()
                update()
        return loss.item()

    common.measure("torch", w, variant, one_pass, first)


if __name__ == "__main__":
    common.main(run, list(common.SPECS), "t2")
