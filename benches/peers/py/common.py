"""What every Python peer shares: the workload table, the data, the timing, the output line."""
import json, os, resource, statistics, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# V2, V4, V5 are the first 5 steps of W2, W4, W5: for check.py, before rounding is amplified; not timed.
SPECS = json.load(open(os.path.join(ROOT, "workloads.json")))
os.environ.setdefault("OMP_NUM_THREADS", "2")


class Workload:
    def __init__(self, name):
        import numpy as np

        spec = SPECS[name]
        self.name = name
        self.kind, self.loss, self.opt, self.lr = spec["kind"], spec["loss"], spec["opt"], spec["lr"]
        self.n, self.batch, self.epochs = spec["n"], spec["batch"], spec["epochs"]
        self.steps, self.reps = spec["steps"], spec["reps"]
        self.sizes = []
        for s in spec["sizes"]:
            if isinstance(s, str):
                width, count = s.split("*")
                self.sizes += [int(width)] * int(count)
            else:
                self.sizes.append(s)
        self.folder = os.path.join(ROOT, "data", spec["data"])
        shapes = []
        sizes = self.sizes
        if self.kind == "lenet":
            shapes += [(32, 1, 5, 5), (32,), (64, 32, 5, 5), (64,)]
            sizes = sizes[1:]
        for i in range(len(sizes) - 1):
            shapes += [(sizes[i + 1], sizes[i]), (sizes[i + 1],)]
        # weight, bias, weight, bias, ...; weights are [out, in, ...].  A peer drops them (release)
        # once it has made its own, so that the peak of memory is the framework's.
        with open(self.folder + "/params.f32", "rb") as f:
            self.params = [np.fromfile(f, np.float32, int(np.prod(s))).reshape(s) for s in shapes]
            assert not f.read(1)
        assert self.steps == self.epochs * (self.n // self.batch)

    def release(self):
        self.params = None

    def batches(self):
        """The contiguous minibatches of one epoch as (x, y), read from disk one by one."""
        import numpy as np

        features = self.sizes[0]
        with open(self.folder + "/x.f32", "rb") as xs, open(self.folder + "/y.i32", "rb") as ys:
            for _ in range(self.n // self.batch):
                x = np.fromfile(xs, np.float32, self.batch * features)
                yield x.reshape(self.batch, features), np.fromfile(ys, np.int32, self.batch)

    def everything(self):
        """All rows at once, as (x, y)."""
        import numpy as np

        x = np.fromfile(self.folder + "/x.f32", np.float32, self.n * self.sizes[0])
        return x.reshape(self.n, self.sizes[0]), np.fromfile(self.folder + "/y.i32", np.int32, self.n)


def peak_rss_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(peer, w, variant, one_pass, loss_first=None, reps=None, note=None):
    """Times one_pass (all `steps` of one repetition; returns the loss of its last step).

    The first call is the warm-up; its last loss is `loss_pass1`, which all peers must share.
    """
    begin = time.perf_counter()
    loss_pass1 = one_pass()
    warm_s = time.perf_counter() - begin
    times = []
    start = time.perf_counter()
    for rep in range(reps or w.reps):
        if rep >= 5 and time.perf_counter() - start > 60:
            break  # a slow peer: five repetitions are enough
        begin = time.perf_counter()
        loss_end = one_pass()
        times.append(time.perf_counter() - begin)
    line = {
        "peer": peer, "workload": w.name, "variant": variant,
        "min_s": round(min(times), 7), "median_s": round(statistics.median(times), 7),
        "steps": w.steps, "peak_rss_mb": round(peak_rss_mb(), 1), "reps": len(times),
        "warm_s": round(warm_s, 3),
        "loss_first": None if loss_first is None else round(float(loss_first), 6),
        "loss_pass1": None if loss_pass1 is None else round(float(loss_pass1), 6),
        "loss_end": None if loss_end is None else round(float(loss_end), 6),
    }
    if note:
        line["note"] = note
    print(json.dumps(line), flush=True)


def main(run, workloads, default_variant=""):
    """Command line of a peer: WORKLOAD|all [VARIANT]."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} WORKLOAD|all [VARIANT]   (workloads: {' '.join(workloads)})")
    variant = sys.argv[2] if len(sys.argv) > 2 else default_variant
    for name in [w for w in workloads if w[0] == "W"] if sys.argv[1] == "all" else [sys.argv[1]]:
        if name not in workloads:
            sys.exit(f"{sys.argv[0]}: no workload {name} here")
        run(Workload(name), variant)
