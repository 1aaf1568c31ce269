#!/usr/bin/env python3
"""Run one peer on one workload, alone, and note how much CPU everything else took meanwhile.

run_one.py PEER-COMMAND...            (the command prints the JSON line)
Waits at most PEERS_WAIT seconds for a quiet machine, runs, and appends the line to
results/runs.jsonl (or PEERS_OUT) with foreign_cpu (CPU seconds of other processes / wall seconds).
A run during which that was above PEERS_NOISE is kept but repeated, at most PEERS_RETRIES times;
table.py takes the fastest.
"""
import fcntl, json, os, resource, subprocess, sys, time

ROOT = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("PEERS_OUT", os.path.join(ROOT, "results", "runs.jsonl"))
RETRIES = int(os.environ.get("PEERS_RETRIES", 1))  # after the first run
LIMIT = float(os.environ.get("PEERS_NOISE", 0.06))  # of one core
WAIT_S = float(os.environ.get("PEERS_WAIT", 20))
TIMEOUT_S = float(os.environ.get("PEERS_TIMEOUT", 900))


def busy_seconds():
    """CPU seconds used by everything since boot, stolen time included."""
    f = [int(v) for v in open("/proc/stat").readline().split()[1:9]]
    user, nice, system, idle, iowait, irq, softirq, steal = f
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


def wait_quiet():
    begin = time.time()
    while time.time() - begin < WAIT_S:
        t, b = time.time(), busy_seconds()
        time.sleep(1.0)
        if (busy_seconds() - b) / (time.time() - t) < LIMIT:
            return


def attempt(command):
    wait_quiet()
    wall, busy, own = time.time(), busy_seconds(), children_seconds()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
        out, err, code = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired:
        out, err, code = "", f"longer than {TIMEOUT_S:.0f} s", -1
    wall = time.time() - wall
    foreign = max(0.0, (busy_seconds() - busy) - (children_seconds() - own)) / wall
    lines = [json.loads(l) for l in out.splitlines() if l.startswith("{")]
    for line in lines:
        line["foreign_cpu"] = round(foreign, 3)
        line["process_s"] = round(wall, 2)
        line["at"] = time.strftime("%H:%M:%S")
    if code or not lines:
        tail = (err.strip().splitlines() or ["?"])[-1][-200:]
        lines.append({"failed": " ".join(command), "code": code, "why": tail})
    return lines, foreign


def main():
    os.makedirs(os.path.join(ROOT, "results"), exist_ok=True)
    lock = open(os.path.join(ROOT, "results", ".lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # never two at once
    for _ in range(1 + RETRIES):
        lines, foreign = attempt(sys.argv[1:])
        with open(OUT, "a") as f:
            for line in lines:
                f.write(json.dumps(line) + "\n")
        for l in lines:
            if "failed" in l:
                print(f"FAILED {l['failed']}: {l['why']}", flush=True)
                return
            print(f"{l['workload']:4} {l['peer']:13} {l['variant']:16} {l['min_s'] / l['steps'] * 1e6:12.1f} us/step"
                  f"  median {l['median_s'] / l['steps'] * 1e6:12.1f}  rss {l['peak_rss_mb']:7.1f} MB"
                  f"  loss {l['loss_first']:.4f} -> {l['loss_pass1']:.4f}  foreign {l['foreign_cpu']:.2f}", flush=True)
        if foreign < LIMIT:
            return


if __name__ == "__main__":
    main()
