"""scikit-learn MLPClassifier through partial_fit (one call = one epoch of contiguous minibatches).

What differs: each partial_fit validates its input, checks the labels and one-hot-encodes them;
the loss has an L2 term (alpha=0 here, but its pass over the weights stays); the loss seen is the
mean over the epoch, so loss_pass1 is that mean, not the last minibatch's.
"""
import warnings
import common

import numpy as np
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore")


def make(w, x, y):
    net = MLPClassifier(
        hidden_layer_sizes=tuple(w.sizes[1:-1]), activation="relu", alpha=0.0, batch_size=w.batch,
        solver="adam" if w.opt == "adam" else "sgd", learning_rate_init=w.lr, learning_rate="constant",
        momentum=0.9 if w.opt == "momentum" else 0.0, nesterovs_momentum=False,
        beta_1=0.9, beta_2=0.999, epsilon=1e-8, shuffle=False, max_iter=1, random_state=0)
    classes = np.arange(2 if w.loss == "bce" else w.sizes[-1])
    net.partial_fit(x[: w.batch], y[: w.batch], classes=classes)  # allocates; then overwritten
    for i in range(len(net.coefs_)):
        net.coefs_[i][...] = w.params[2 * i].T
        net.intercepts_[i][...] = w.params[2 * i + 1]
    del net._optimizer
    net._optimizer = None
    net.t_ = 0
    # A fresh optimizer, exactly as MLPClassifier makes it on a first fit.
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer
    params = net.coefs_ + net.intercepts_
    if net.solver == "adam":
        net._optimizer = AdamOptimizer(params, w.lr, 0.9, 0.999, 1e-8)
    else:
        net._optimizer = SGDOptimizer(params, w.lr, "constant", net.momentum, False, net.power_t)
    return net


def run(w, variant):
    x, y = w.everything()
    probe = make(w, x, y)
    probe.partial_fit(x[: w.batch], y[: w.batch])
    first = probe.loss_
    del probe
    net = make(w, x, y)
    w.release()
    assert net.coefs_[0].dtype == np.float32

    def one_pass():
        for _ in range(w.epochs):
            net.partial_fit(x, y)
        return net.loss_

    common.measure("sklearn", w, variant, one_pass, first, note="loss_pass1 is the epoch's mean")


if __name__ == "__main__":
    common.main(run, ["W1", "W2", "W4"], "default")
