"""Plain NumPy, written by hand: W7 (and the other plain MLPs, for comparison)."""
import common

import numpy as np


def run(w, variant):
    ws = [p.T.copy() for p in w.params[0::2]]
    bs = [p.copy() for p in w.params[1::2]]
    w.release()
    state = [[np.zeros_like(a), np.zeros_like(a)] for a in ws + bs]
    data = list(w.batches())
    last = len(ws) - 1
    tick = 0

    def forward(x):
        acts = [x]
        for i in range(last + 1):
            z = acts[-1] @ ws[i]
            z += bs[i]
            if i < last:
                np.maximum(z, 0, out=z)
            acts.append(z)
        return acts

    def loss_and_delta(z, y):
        n = np.float32(len(y))
        if w.loss == "bce":
            z, t = z[:, 0], y.astype(np.float32)
            loss = (np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))).mean()
            return loss, ((1 / (1 + np.exp(-z)) - t) / n)[:, None]
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        loss = (np.log(total[:, 0]) - z[rows, y]).mean()
        d = e / total
        d[rows, y] -= 1
        d /= n
        return loss, d

    def update(grads):
        nonlocal tick
        tick += 1
        for p, g, s in zip(ws + bs, grads, state):
            if w.opt == "adam":
                s[0] *= 0.9
                s[0] += np.float32(0.1) * g
                s[1] *= 0.999
                s[1] += np.float32(0.001) * (g * g)
                c1, c2 = 1 - 0.9**tick, 1 - 0.999**tick
                p -= np.float32(w.lr / c1) * s[0] / (np.sqrt(s[1]) / np.float32(c2**0.5) + np.float32(1e-8))
            elif w.opt == "momentum":
                s[0] *= 0.9
                s[0] += g
                p -= np.float32(w.lr) * s[0]
            else:
                p -= np.float32(w.lr) * g

    def step(x, y):
        acts = forward(x)
        loss, d = loss_and_delta(acts[-1], y)
        gw, gb = [None] * len(ws), [None] * len(ws)
        for i in range(last, -1, -1):
            gw[i] = acts[i].T @ d
            gb[i] = d.sum(axis=0)
            if i:
                d = d @ ws[i].T
                d *= acts[i] > 0
        update(gw + gb)
        return loss

    if w.kind == "infer":
        first = loss_and_delta(forward(data[0][0])[-1], data[0][1])[0]

        def one_pass():
            for x, _ in data:
                out = forward(x)[-1]
            return loss_and_delta(out, data[-1][1])[0]
    else:
        first = loss_and_delta(forward(data[0][0])[-1], data[0][1])[0]

        def one_pass():
            for _ in range(w.epochs):
                for x, y in data:
                    loss = step(x, y)
            return loss

    common.measure("numpy", w, variant, one_pass, first)


if __name__ == "__main__":
    common.main(run, ["W1", "W2", "W3", "W4", "W6a", "W6b", "W7", "V2", "V4"], "default")
