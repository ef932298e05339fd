#!/bin/sh
# The checks of a repository that holds a model, on any machine: check.sh MODEL BASELINE [RESULTS]
set -eu
model=$1
baseline=$2
results=${3:-results}
mkdir -p "$results"

failed=0
edgeser lint "$model" --sarif "$results/lint.sarif" --junit "$results/lint.xml" || failed=1
edgeser parity "$model" --device emulator --junit "$results/parity.xml" || failed=1
edgeser bench "$model" --device emulator --save "$results/bench.json" --junit "$results/bench.xml" || failed=1
edgeser compare-bench "$baseline" "$results/bench.json" --junit "$results/regression.xml" \
  --max-instructions +1% --max-flash +2% --max-ram +2% || failed=1
exit $failed
