#!/bin/bash
# Builds our program, the Rust peers and the limits program: build_all.sh [PREFIX...]
# Every Rust project has a target folder per variant.  A build that fails or takes longer than
# PEERS_BUILD_TIMEOUT seconds is noted in results/build.log, and the others go on.
# PEERS_NICE="nice -n 19" builds in the background of other work.
cd "$(dirname "$0")" || exit 1
mkdir -p results
WANTED=("$@")
NATIVE="-C target-cpu=native"

wanted() { # NAME
  [[ ${#WANTED[@]} -eq 0 ]] && return 0
  for prefix in "${WANTED[@]}"; do [[ $1 == "$prefix"* ]] && return 0; done
  return 1
}

note() { # NAME START OK
  local name=$1 seconds=$((SECONDS - $2))
  if [[ $3 == 0 ]]; then
    echo "ok    $name $seconds s"
  else
    echo "FAIL  $name $seconds s (see results/build-$name.txt)"
  fi | tee -a results/build.log
  return "$3"
}

one() { # NAME FOLDER TARGET RUSTFLAGS cargo-args...
  local name=$1 folder=$2 target=$3 flags=$4 begin=$SECONDS
  shift 4
  wanted "$name" || return 0
  (cd "$folder" && RUSTFLAGS="$flags" $PEERS_NICE timeout "${PEERS_BUILD_TIMEOUT:-1800}" \
    cargo build --release --target-dir "target/$target" "$@") > "results/build-$name.txt" 2>&1
  note "$name" "$begin" $?
}

if wanted limits; then
  begin=$SECONDS
  limits/build.sh > results/build-limits.txt 2>&1
  note limits "$begin" $?
fi
one evenkeel         rust-evenkeel generic   ""
one candle-generic   rust-candle   generic   ""        --locked
one candle-native-v4 rust-candle   native-v4 "$NATIVE" --locked --features v4
one burn-flex        rust-burn     flex      ""        --locked --features flex
one burn-flex-v4     rust-burn     flex-v4   "$NATIVE" --locked --features flex-v4
one burn-ndarray     rust-burn     ndarray   "$NATIVE" --locked --features ndarray
one dfdx             rust-dfdx     native    "$NATIVE" --locked
