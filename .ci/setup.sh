#!/bin/sh
# make setup: system packages where we may install them, then the virtual environment.
# Usage: setup.sh PYTHON VENV
set -eu
python=$1
venv=$2

# A compiler for the frontend, and headers and venv for the Python that is used.
missing=""
{ command -v gcc && command -v g++; } >/dev/null 2>&1 || missing="$missing build-essential"
# The emulated device: compiler and C library for the Cortex-M7, and the machine itself.
command -v arm-none-eabi-gcc >/dev/null 2>&1 || missing="$missing gcc-arm-none-eabi"
arm_libc=$(arm-none-eabi-gcc -mcpu=cortex-m7 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard \
  -print-file-name=libc_nano.a 2>/dev/null || true)
[ -f "$arm_libc" ] || missing="$missing libnewlib-arm-none-eabi"
command -v qemu-system-arm >/dev/null 2>&1 || missing="$missing qemu-system-arm"
# Synthetic speech in which words matter: tests that need it are skipped without it.
command -v espeak-ng >/dev/null 2>&1 || missing="$missing espeak-ng"
if command -v "$python" >/dev/null 2>&1; then
  "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3.11-venv"
  "$python" -c 'import pathlib, sysconfig, sys
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file())' || missing="$missing python3.11-dev"
else
  missing="$missing python3.11 python3.11-venv python3.11-dev"
fi
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ]; then run=""
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then run="sudo"
  else
    echo "make setup: these system packages are missing:$missing" >&2
    echo "Install them as root: apt-get install$missing" >&2
    exit 3
  fi
  $run apt-get update -q
  # shellcheck disable=SC2086  # a list of packages
  $run apt-get install -q -y --no-install-recommends $missing
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# torch goes first: TensorFlow and onnx2tf would otherwise let pip choose another build of it.
"$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt torch
"$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,audb,baseline,debias,ray]'
