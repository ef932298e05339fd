#!/bin/sh
# make dist: install what was built into a fresh environment, and try it where the checkout is not.
# Usage: smoke.sh PYTHON DIST
set -eu
python=$1
dist=$(cd "$2" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset PYTHONPATH PIP_CONSTRAINT

"$python" -m venv environment
PATH="$folder/environment/bin:$PATH"
began=$(date +%s)
# What was built and nothing else of that name; then what it needs.
pip install -q --disable-pip-version-check --no-index --no-deps --find-links "$dist" edgeser
pip install -q --disable-pip-version-check edgeser
edgeser lint pretrained-small >lint.txt
echo "make dist: installed and linted in $(($(date +%s) - began)) s; $(du -sm environment | cut -f 1) MB with pip"

edgeser --version
python - <<'EOF'
from pathlib import Path

from edgeser.bundle import load_bundle
from edgeser.pretrained import pretrained_path

bundle = pretrained_path("pretrained-small")
assert Path.cwd() in bundle.parents, f"{bundle} is not what was installed"
Path("model.tflite").write_bytes(load_bundle(bundle).int8_model)
EOF
edgeser inspect model.tflite >inspect.txt
edgeser estimate model.tflite >estimate.txt
edgeser export pretrained-small --target firmware --out firmware
if command -v arm-none-eabi-gcc >/dev/null && command -v qemu-system-arm >/dev/null; then
  edgeser bench pretrained-small --device emulator
else
  echo "make dist: nothing was emulated: gcc-arm-none-eabi or qemu-system-arm is not installed" >&2
fi
