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
if command -v "$python" >/dev/null 2>&1; then
  "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3.11-venv"
  "$python" -c 'import pathlib, sysconfig, sys
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file())' || missing="$missing python3.11-dev"
else
  missing="$missing python3.11 python3.11-venv python3.11-dev"
fi

# Each of these is for one thing alone. Without it the tool says so, and its tests are skipped.
useful=""
# The emulated RISC-V board: a compiler without a C library, and its machine.
command -v riscv64-unknown-elf-gcc >/dev/null 2>&1 || useful="$useful gcc-riscv64-unknown-elf"
command -v qemu-system-riscv32 >/dev/null 2>&1 || useful="$useful qemu-system-misc"
# Tests build the same kernels into hundreds of programs: each is compiled once.
command -v ccache >/dev/null 2>&1 || useful="$useful ccache"
# The model of a Cortex-M7's cycles, a benchmark: LLVM's scheduling model of that core.
command -v llvm-mca-19 >/dev/null 2>&1 || useful="$useful llvm-19"
# Libraries as CMake packages: the tests build, install and find one.
command -v cmake >/dev/null 2>&1 || useful="$useful cmake"
# Synthetic speech in which words matter.
command -v espeak-ng >/dev/null 2>&1 || useful="$useful espeak-ng"
# The device in a browser: a compiler for WebAssembly, and what runs it in the tests.
command -v clang-19 >/dev/null 2>&1 || useful="$useful clang-19"
command -v wasm-ld-19 >/dev/null 2>&1 || useful="$useful lld-19"
command -v node >/dev/null 2>&1 || useful="$useful nodejs"
command -v chromium >/dev/null 2>&1 || useful="$useful chromium"

if [ -n "$missing$useful" ]; then
  if [ "$(id -u)" = 0 ]; then run=""
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then run="sudo"
  elif [ -n "$missing" ]; then
    echo "make setup: these system packages are missing:$missing" >&2
    echo "Install them as root: apt-get install$missing" >&2
    exit 3
  else
    echo "make setup: goes on without$useful; install them as root for all of it" >&2
    useful="" run=""
  fi
fi
if [ -n "$missing$useful" ]; then
  $run apt-get update -q || [ -z "$missing" ]
fi
for packages in "$missing" $useful; do
  [ -n "$packages" ] || continue
  # shellcheck disable=SC2086  # a list of packages
  $run apt-get install -q -y --no-install-recommends $packages || {
    [ "$packages" = "$missing" ] && exit 1
    echo "make setup: goes on without$packages" >&2
  }
done

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# torch goes first: TensorFlow and onnx2tf would otherwise let pip choose another build of it.
"$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt torch
"$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[all,dev,docs]'
