#!/usr/bin/env python3
"""Do all peers do the same work?  Compares the losses in results/runs.jsonl across peers.

All start from the same parameters and see the same batches, so the first loss must agree to
rounding.  The loss after the first pass agrees to rounding where training is not chaotic; Adam
(which turns tiny gradients into full steps) and W4's 30 layers amplify rounding, hence the
tolerances: W4's loss after 50 steps says nothing.  V2, V4, V5 are the same nets after 5 steps only,
with tight tolerances.  sklearn reports the epoch's mean instead, so only its first loss is compared.
"""
import json, os, statistics, sys

ROOT = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("PEERS_OUT", os.path.join(ROOT, "results", "runs.jsonl"))
PASS1 = {"W1": 1e-4, "W2": 0.01, "W3": 1e-3, "W4": 0.1, "W5": 0.05, "W6a": 1e-5, "W6b": 1e-4, "W7": 1e-4,
         "V2": 1e-5, "V4": 5e-4, "V5": 1e-4}


def main():
    lines = [json.loads(l) for l in open(OUT)]
    lines = [l for l in lines if "failed" not in l]
    bad = 0
    for w in sorted({l["workload"] for l in lines}):
        mine = [l for l in lines if l["workload"] == w]
        first = statistics.median(l["loss_first"] for l in mine)
        fair = [l for l in mine if l["peer"] != "sklearn"]
        if not fair:
            continue
        after = statistics.median(l["loss_pass1"] for l in fair)
        spread1 = max(abs(l["loss_first"] - first) for l in mine)
        spread2 = max(abs(l["loss_pass1"] - after) for l in fair)
        falls = w.startswith("W6") or w == "W4" or all(l["loss_end"] < l["loss_first"] for l in mine)
        for l in mine:
            wrong = abs(l["loss_first"] - first) > 1e-4 or not falls
            wrong |= l["peer"] != "sklearn" and abs(l["loss_pass1"] - after) > PASS1[w]
            if wrong:
                bad += 1
                print(f"DIFFERS {w} {l['peer']} {l['variant']}: {l['loss_first']} -> {l['loss_pass1']} -> {l['loss_end']}")
        print(f"{w:4} {len({(l['peer'], l['variant']) for l in mine}):3} programs: first loss {first:.6f} +-{spread1:.1e}, "
              f"after pass 1 {after:.6f} +-{spread2:.1e}, end {min(l['loss_end'] for l in mine):.4f}..{max(l['loss_end'] for l in mine):.4f}"
              f" {'' if falls else '(DOES NOT FALL)'}")
    print(f"{bad} lines differ" if bad else "all do the same work")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
