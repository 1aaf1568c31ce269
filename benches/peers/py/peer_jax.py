"""JAX on CPU.  Variants: jit (one jitted, donated step per call; the loop is Python)
and scan (a whole pass is one jitted lax.scan over the same batches)."""
import os
import common

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp
import optax


def forward(w, p, x):
    at = 0
    if w.kind == "lenet":
        x = x.reshape(-1, 1, 28, 28)
        for _ in range(2):
            x = jax.lax.conv_general_dilated(x, p[at], (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW"))
            x = jax.nn.relu(x + p[at + 1].reshape(1, -1, 1, 1))
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
            at += 2
        x = x.reshape(x.shape[0], -1)
    while at < len(p):
        x = x @ p[at] + p[at + 1]
        at += 2
        if at < len(p):
            x = jax.nn.relu(x)
    return x


def run(w, variant):
    if w.loss == "bce":
        loss_of = lambda out, y: optax.sigmoid_binary_cross_entropy(out[:, 0], y).mean()
    else:
        loss_of = lambda out, y: optax.softmax_cross_entropy_with_integer_labels(out, y).mean()
    label = (lambda y: jnp.asarray(y, jnp.float32)) if w.loss == "bce" else jnp.asarray
    # Dense kernels are kept [in, out], as flax and haiku keep them.
    params = [jnp.array(p.T.copy() if p.ndim == 2 else p) for p in w.params]
    w.release()
    data = [(jnp.array(x), label(y)) for x, y in w.batches()]
    f = lambda p, x: forward(w, p, x)

    if w.kind == "infer":
        call = jax.jit(f)
        first = loss_of(call(params, data[0][0]), data[0][1])

        def one_pass():
            for x, _ in data:
                out = call(params, x).block_until_ready()
            return loss_of(out, data[-1][1])

        common.measure("jax", w, variant, one_pass, first)
        return

    opt = {"adam": lambda: optax.adam(w.lr), "sgd": lambda: optax.sgd(w.lr),
           "momentum": lambda: optax.sgd(w.lr, momentum=0.9)}[w.opt]()
    first = loss_of(f(params, data[0][0]), data[0][1])

    def step(p, s, x, y):
        loss, grads = jax.value_and_grad(lambda p: loss_of(f(p, x), y))(p)
        updates, s = opt.update(grads, s, p)
        return optax.apply_updates(p, updates), s, loss

    state = [params, opt.init(params)]
    if variant == "jit":
        step = jax.jit(step, donate_argnums=(0, 1))

        def one_pass():
            p, s = state
            for _ in range(w.epochs):
                for x, y in data:
                    p, s, loss = step(p, s, x, y)
            state[:] = p, s
            jax.block_until_ready((p, s))
            return loss
    elif variant == "scan":
        xs, ys = jnp.stack([x for x, _ in data]), jnp.stack([y for _, y in data])
        data.clear()

        def whole(p, s, xs, ys):
            def body(carry, xy):
                p, s, loss = step(*carry, *xy)
                return (p, s), loss

            def epoch(carry, _):
                carry, losses = jax.lax.scan(body, carry, (xs, ys))
                return carry, losses[-1]

            (p, s), losses = jax.lax.scan(epoch, (p, s), None, length=w.epochs)
            return p, s, losses[-1]

        whole = jax.jit(whole, donate_argnums=(0, 1))

        def one_pass():
            p, s, loss = whole(*state, xs, ys)
            state[:] = p, s
            jax.block_until_ready((p, s))
            return loss
    else:
        raise SystemExit(f"jax: no variant {variant}")
    common.measure("jax", w, variant, one_pass, first)


if __name__ == "__main__":
    common.main(run, list(common.SPECS), "jit")
