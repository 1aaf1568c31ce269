#!/usr/bin/env python3
"""Markdown tables from results/runs.jsonl (or PEERS_OUT).

table.py            one column per peer: its best variant's min microseconds per step
table.py variants   the same, with the name of that variant
table.py rss        one column per peer: peak RSS of that best variant
table.py ratio      one column per peer: its best time divided by ours (above 1: ours is faster)
table.py report     best, ratio and rss, each with a heading
table.py all        one row per (workload, peer, variant): min, median, RSS, losses, noise
min_s is the smallest over all runs of a (peer, workload, variant); the rest of a row comes from the
run with the smallest median.
"""
import json, os, sys

ROOT = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("PEERS_OUT", os.path.join(ROOT, "results", "runs.jsonl"))
LIMITS = os.path.join(ROOT, "results", "limits.jsonl")
OURS = "evenkeel"
ORDER = [OURS, "torch", "torch compile", "jax jit", "jax scan", "sklearn", "numpy", "onnxruntime", "candle",
         "burn-flex", "burn-ndarray", "dfdx"]


def column(line):
    peer, flags = line["peer"], line["variant"].split("+")
    if peer == "torch" and "compile" in flags:
        return "torch compile"
    if peer == "jax":
        return "jax " + line["variant"]
    if peer == "burn-flex-v4":
        return "burn-flex"
    return peer


def load(path=OUT):
    """{(workload, column, peer, variant): the merged line}"""
    best = {}
    for text in open(path):
        line = json.loads(text)
        if "failed" in line:
            continue
        key = (line["workload"], column(line), line["peer"], line["variant"])
        old = best.get(key)
        if old is None:
            best[key] = dict(line, runs=1)
            continue
        keep = line if line["median_s"] < old["median_s"] else old
        best[key] = dict(keep, min_s=min(old["min_s"], line["min_s"]), runs=old["runs"] + 1)
    return best


def peak_gflops():
    """What two threads can do according to limits/limits; None if it was not run."""
    if not os.path.exists(LIMITS):
        return None
    lines = [json.loads(text) for text in open(LIMITS)]
    return max((l["gflops"] for l in lines if l["limit"].startswith("f32") and l["threads"] == 2), default=None)


def floor_us(spec, gflops):
    """Microseconds that a step's multiplications need at this rate."""
    sizes = []
    for v in spec["sizes"]:
        sizes += [int(v.split("*")[0])] * int(v.split("*")[1]) if isinstance(v, str) else [v]
    macs = []
    if spec["kind"] == "lenet":
        macs += [24 * 24 * 32 * 25, 8 * 8 * 64 * 800]
        sizes = sizes[1:]
    macs += [a * b for a, b in zip(sizes, sizes[1:])]
    total = sum(macs) if spec["kind"] == "infer" else 3 * sum(macs) - macs[0]  # no gradient for the input
    return 2 * spec["batch"] * total / gflops / 1e3


def number(us):
    return f"{us:,.0f}" if us >= 100 else f"{us:.1f}"


def us(line):
    return line["min_s"] / line["steps"] * 1e6


def print_all(best, workloads, columns):
    print("| workload | peer | variant | min us/step | median us/step | peak RSS MB | first loss | loss after pass 1 | foreign CPU | runs |")
    print("|---|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for w in workloads:
        for key in sorted((k for k in best if k[0] == w), key=lambda k: (columns.index(k[1]), best[k]["min_s"])):
            l = best[key]
            print(f"| {w} | {l['peer']} | {l['variant']} | {number(us(l))} | "
                  f"{number(l['median_s'] / l['steps'] * 1e6)} | {l['peak_rss_mb']:.0f} | {l['loss_first']:.4f} | "
                  f"{l['loss_pass1']:.4f} | {l.get('foreign_cpu', 0):.2f} | {l['runs']} |")


def cell(mode, line, fastest, ours):
    if mode == "rss":
        return f"{line['peak_rss_mb']:.0f}"
    if mode == "ratio":
        return f"{us(line) / us(ours):.2f}" if ours else "-"
    text = number(us(line))
    if line is fastest:
        text = f"**{text}**"
    return f"{text} ({line['variant']})" if mode == "variants" else text


def print_grid(mode, best, specs, workloads, columns):
    gflops = peak_gflops() if mode in ("best", "variants") else None
    if mode == "ratio":
        columns = [c for c in columns if c != OURS]
    extra = ["FLOP floor"] if gflops else []
    print("| " + " | ".join(["workload"] + extra + columns) + " |")
    print("|---|" + "---:|" * (len(columns) + len(extra)))
    for w in workloads:
        lines = [(k[1], l) for k, l in best.items() if k[0] == w]
        if not lines:
            continue
        mins = {c: min((l for k, l in lines if k == c), key=us, default=None) for c in columns + [OURS]}
        fastest = min((l for l in mins.values() if l), key=us)
        cells = [f"{w} {specs[w]['name']}"] + ([number(floor_us(specs[w], gflops))] if gflops else [])
        cells += [cell(mode, mins[c], fastest, mins[OURS]) if mins[c] else "-" for c in columns]
        print("| " + " | ".join(cells) + " |")


def main():
    best = load()
    specs = json.load(open(os.path.join(ROOT, "workloads.json")))
    workloads = [w for w in specs if w[0] == "W"]
    mode = sys.argv[1] if len(sys.argv) > 1 else "best"
    if mode not in ("best", "variants", "rss", "ratio", "report", "all"):
        sys.exit(__doc__)
    columns = [c for c in ORDER if any(k[1] == c and k[0] in workloads for k in best)]
    columns += sorted({k[1] for k in best} - set(ORDER))
    if mode == "all":
        return print_all(best, workloads, columns)
    if mode != "report":
        return print_grid(mode, best, specs, workloads, columns)
    for mode, title in [("best", "Microseconds per step (the best variant of each, smallest of all repetitions)"),
                        ("ratio", "Time of each divided by evenkeel's (above 1: evenkeel is faster)"),
                        ("rss", "Peak resident memory in MB, of that variant")]:
        print(f"{title}\n")
        print_grid(mode, best, specs, workloads, columns)
        print()


if __name__ == "__main__":
    sys.exit(main())
