"""The README of an application for the Coral Dev Board Micro."""

from __future__ import annotations

_TEXT = """\
# {name} on the Coral Dev Board Micro

An application for the board's SDK, coralmicro: the microphone through the frontend of the training,
the model on the Edge TPU, decisions, and the protocols to measure it by.

| | |
| --- | --- |
| Model | `models/model_edgetpu.tflite`{model} |
| Frontend | {frontend} |
| Operators | {operators} |
| Memory for TFLite-Micro | {arena} |

## What has never been tried

**This application has never run on a board, nor been built with the SDK.** All of it was compiled,
and its protocols were run, on a Linux computer against stand-ins of the SDK's headers and a
stand-in for the Edge TPU. Unknown until someone does it:

- whether it builds against the SDK as it is today, and fits its linker script;
- whether the console takes long frames: it keeps 64 bytes that nobody has read, so `edgeser` sends
  64 at a time and waits 5 ms between them;
- all times, temperatures and levels of sound;
- how far the Edge TPU's output is from int8 on a CPU.

## Build and flash

```
git clone --recurse-submodules https://github.com/google-coral/coralmicro
cmake -S . -B build -DCORALMICRO=$PWD/coralmicro
make -C build {target}
python3 coralmicro/scripts/flashtool.py --build_dir build --elf_path build/{target}
```
{compile}
`-DEDGESER_LISTEN=ON` turns the microphone on at the start.

## Talk to it

On its console (a serial port over USB) it speaks what the emulated device speaks: MLPerf Tiny's
text commands (`name%`, `infer 100 10%`, `results%`) and frames; `runtime/include/dev_frame.h` says
what is in them. There the whole model counts as one operator.

JSON-RPC over HTTP (the board's network over USB, `/jsonrpc`), named arguments:

| method | arguments | result |
| --- | --- | --- |
| `info` | | model and its SHA-256, clock, memory, temperatures, what is wrong if no model runs |
| `bench` | `runs` (1 to 1000), `warmup` | microseconds of `invoke` (percentiles), of the first \
inference, of loading the parameters (the first less the median), of a frame of features |
| `clock` | `mode`: low, medium, high, max (63, 125, 250, 500 MHz) | stores it and restarts |
| `listen` | `on`: 1 or 0 | the microphone; decisions begin anew |
| `decisions` | | how many, and the last |
| `model_begin` | `size`, `sha256` | room for an upload |
| `model_data` | `offset`, `data` (base64, at most 4,096 bytes) | how much is there |
| `model_end` | | checks, stores, restarts |
| `restart` | | |

While the microphone is on, do not send audio in frames: both would go into one stream.

`max` makes the Edge TPU hot; the SDK warns of burns.

## Why it is as it is

- The input is copied in before each inference: the SDK flips the sign bits of signed inputs in
  place.
- Another model, or another clock, means a restart: the SDK keeps what it knows of a model by the
  model's address, and takes the clock when it powers the Edge TPU up.
- The microphone's path has a high-pass at 152 Hz and an output gain of 5, set by the SDK. To train
  for it: `board = "coral-micro"` in the recipe's `[conditions]`.

## What is where

| Folder | |
| --- | --- |
| `board/` | the application; of these only `sdk_*.cc` and `micro_resolver.h` know the SDK |
| `runtime/` | protocol, stream of features, decisions: as on the emulated device |
| `frontend/` | samples to features, with the tables of the configuration; not in every export |
| `model/` | sizes of the model |
"""

_COMPILE = """
There is no compiled model yet: run `compile.sh` in the folder above first.
"""


def micro_readme(
    *,
    name: str,
    target: str,
    compiled: bool,
    frontend: str | None,
    operators: tuple[str, ...],
    arena: str,
) -> str:
    """Return the README.

    Parameters
    ----------
    name, target
        Of the model, and of the program.
    compiled
        Whether the compiled model is there.
    frontend
        The hash of its settings; ``None`` where there is none.
    operators
        All that are registered.
    arena
        How much memory, and where that number comes from.
    """
    return _TEXT.format(
        name=name,
        target=target,
        model="" if compiled else ", once it is compiled",
        frontend=f"SHA-256 of its settings `{frontend}`" if frontend else "none",
        operators=", ".join(f"`{operator}`" for operator in operators),
        arena=arena,
        compile="" if compiled else _COMPILE,
    )
