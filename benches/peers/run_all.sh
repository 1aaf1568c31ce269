#!/bin/bash
# Runs our program and every peer: one workload after another, and within a workload one peer after
# another, so that a noisy minute falls on all alike.  One process per workload (so the peak of
# memory is that workload's own), never two at once.
#   ./run_all.sh [PEER-PREFIX...]            only peers whose name starts so: ./run_all.sh torch evenkeel
#   ONLY_W="W1 W7" ./run_all.sh              only these workloads
# Lines are appended to results/runs.jsonl; check.py and table.py read that.  README.md has the rest.
cd "$(dirname "$0")" || exit 1
[[ -x .venv/bin/python ]] && PY=.venv/bin/python || PY=python3
PY=${PEERS_PYTHON:-$PY}
export PEERS_ROOT=$PWD TORCHINDUCTOR_CACHE_DIR=$PWD/.cache/inductor
WANTED=("$@")
EVERY="W1 W2 W3 W4 W5 W6a W6b W7 V2 V4 V5"
DENSE="W1 W2 W3 W4 W6a W6b W7 V2 V4" # no convolutions
mkdir -p results
[[ -d data/W1 ]] || $PY gen_data.py

wanted() { # NAME
  [[ ${#WANTED[@]} -eq 0 ]] && return 0
  for prefix in "${WANTED[@]}"; do [[ $1 == "$prefix"* ]] && return 0; done
  return 1
}

peer() { # NAME "WORKLOADS" command...: runs the command on $w if both are wanted
  local name=$1 workloads=$2
  shift 2
  [[ " $workloads " == *" $w "* ]] && wanted "$name" || return 0
  $PY run_one.py "$@"
}

rust() { # NAME "WORKLOADS" FOLDER TARGET THREADS
  local binary=$3/target/$4/release/$3
  if [[ -x $binary ]]; then
    peer "$1" "$2" env RAYON_NUM_THREADS="$5" "$binary" "$w"
  elif wanted "$1" && [[ " $MISSING " != *" $binary "* ]]; then
    MISSING+=" $binary"
    echo "not built: $binary"
  fi
}

all_peers() { # on workload $w
  local t
  for t in t2 t1; do
    peer torch         "$EVERY"               $PY py/peer_torch.py "$w" $t
    peer torch-fused   "W1 W2 W3 W4 W5 W7"    $PY py/peer_torch.py "$w" $t+fused
    peer torch-compile "$EVERY"               $PY py/peer_torch.py "$w" $t+compile
  done
  peer torch-compile   "W1 W2 W3 W4 W5"       $PY py/peer_torch.py "$w" t2+fused+compile
  peer torch-compile   "W1 W2 W4 W7"          $PY py/peer_torch.py "$w" t1+compile+optcompile
  peer torch-compile   "W1 W2 W3 W4 W5 W7"    $PY py/peer_torch.py "$w" t2+compile+optcompile
  peer jax             "$EVERY"               $PY py/peer_jax.py "$w" jit
  peer jax-scan        "W1 W2 W3 W4 W7"       $PY py/peer_jax.py "$w" scan
  for t in 2 1; do rust evenkeel "$DENSE" rust-evenkeel generic $t; done
  peer onnxruntime     "W6a W6b"              $PY py/peer_onnxruntime.py "$w" t2
  peer onnxruntime     "W6a W6b"              $PY py/peer_onnxruntime.py "$w" t1
  peer numpy           "$DENSE"               $PY py/peer_numpy.py "$w" default
  peer sklearn         "W1 W2 W4"             $PY py/peer_sklearn.py "$w" default
  rust candle          "$EVERY" rust-candle generic 2
  for t in 2 1; do rust candle "$EVERY" rust-candle native-v4 $t; done
  rust burn-flex       "$EVERY" rust-burn flex 2
  for t in 2 1; do rust burn-flex-v4 "$EVERY" rust-burn flex-v4 $t; done
  rust burn-ndarray    "$EVERY" rust-burn ndarray 2
  for t in 2 1; do rust dfdx "$DENSE" rust-dfdx native $t; done
}

for ((round = 1; round <= ${PEERS_ROUNDS:-1}; round++)); do
  for w in ${ONLY_W:-$EVERY}; do all_peers; done
done
echo
$PY check.py
echo
$PY table.py report
