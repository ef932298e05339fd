"""The frontend of one configuration as C data: what a device links instead of computing tables.

The texts need the frontend's C sources and nothing else: `frontend_config` and `frontend_tables` go
to `apf_attach`, `frontend_affines` to `apf_normalise_process`. They are the same, byte for byte,
whenever the configuration is.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frontend.config import FrontendConfig
from firmware_bridge.frontend.normalisation import Normalisation
from firmware_bridge.licence import MODELS
from quantize.foundation.errors import BadInput

HEADER_NAME = "frontend_tables.h"
SOURCE_NAME = "frontend_tables.c"
_NAMES = re.compile(r"\bfrontend_(?=config\b|tables\b|affines\b)|\bFRONTEND_")

_ALIGNMENT = 16
_LINE = 96


@dataclass(frozen=True, slots=True)
class FrontendSources:
    """C texts and what they take on the device.

    Parameters
    ----------
    header, source
        The texts of `HEADER_NAME` and `SOURCE_NAME`, whose names have the prefix in front too.
    table_bytes, affine_bytes
        Read-only data: the frontend's tables, and the normalisation's.
    work_bytes
        RAM of the frontend itself.
    stream_bytes
        RAM of a `dev_stream` with it: work memory, ring of rows, one frame of raw features.
    prefix
        What its names begin with: ``kws01`` for ``kws01_frontend_config``; empty for none.
    """

    header: str
    source: str
    table_bytes: int
    affine_bytes: int
    work_bytes: int
    stream_bytes: int
    prefix: str = ""

    @property
    def header_name(self) -> str:
        """The header's file."""
        return self._start + HEADER_NAME

    @property
    def source_name(self) -> str:
        """The source's file."""
        return self._start + SOURCE_NAME

    @property
    def hash(self) -> str:
        """SHA-256 of the configuration, as the header has it."""
        return self.header.partition('FRONTEND_HASH "')[2].partition('"')[0]

    @property
    def _start(self) -> str:
        return f"{self.prefix}_" if self.prefix else ""


def emit_frontend(
    config: FrontendConfig, *, window_frames: int, prefix: str = ""
) -> FrontendSources:
    """Write the frontend of `config` as C.

    Parameters
    ----------
    config
        The frontend, with its normalisation.
    window_frames
        Rows of the model's input: frames of one inference.
    prefix
        Before all names, so that frontends of two models go into one program; empty for none.

    Raises
    ------
    BadInput
        When the configuration has no normalisation or `window_frames` is not positive.
    """
    if config.normalisation is None:
        raise BadInput(
            "the frontend has no normalisation yet",
            hint="train first, or add one with normalisation_from_statistics",
        )
    if window_frames < 1:
        raise BadInput(f"a window of {window_frames} frames has no rows", hint="give at least one")
    frontend = config.build(packed=True)
    table_bytes, work_bytes = frontend.memory
    tables = np.frombuffer(frontend.tables(), "<i2")
    stream_bytes = _stream_bytes(config, work_bytes, window_frames)
    sizes = {
        "FRONTEND_TABLE_BYTES": (table_bytes, "read-only"),
        "FRONTEND_WORK_BYTES": (work_bytes, "RAM of the frontend"),
        "FRONTEND_STREAM_BYTES": (stream_bytes, "RAM of a struct dev_stream's memory"),
    }
    return FrontendSources(
        header=_named(_header(config, window_frames, sizes, tables.size), prefix),
        source=_named(_source(config, config.normalisation, tables), prefix),
        table_bytes=table_bytes,
        affine_bytes=config.normalisation.to_affines().nbytes,
        work_bytes=work_bytes,
        stream_bytes=stream_bytes,
        prefix=prefix,
    )


def _named(text: str, prefix: str) -> str:
    """Put a prefix before the names of the configuration."""
    if not prefix:
        return text
    return _NAMES.sub(
        lambda found: f"{prefix.upper() if found[0].isupper() else prefix}_{found[0]}", text
    )


def _stream_bytes(config: FrontendConfig, work_bytes: int, window_frames: int) -> int:
    """Return what DEV_STREAM_BYTES of dev_stream.h is."""
    planes = len(config.planes)
    row = config.channels * planes
    parts = (
        work_bytes,
        window_frames * row,
        2 * config.channels,
        2 * config.channels * (planes - 1),
    )
    return sum(-(-part // _ALIGNMENT) * _ALIGNMENT for part in parts)


def _header(
    config: FrontendConfig, window_frames: int, sizes: dict[str, tuple[int, str]], values: int
) -> str:
    numbers = {
        "FRONTEND_SAMPLE_RATE": (config.sample_rate, "Hz"),
        "FRONTEND_WINDOW_SAMPLES": (config.window_samples, "of a frame"),
        "FRONTEND_HOP_SAMPLES": (config.hop_samples, "from frame to frame"),
        "FRONTEND_CHANNELS": (config.channels, "mel bands"),
        "FRONTEND_PLANES": (len(config.planes), "amplitude, and what is beside it"),
        "FRONTEND_WINDOW_FRAMES": (window_frames, "rows of the model's input"),
        **sizes,
    }
    lines = [
        MODELS,
        "/* The frontend of one configuration: settings, tables, normalisation. Generated. */",
        "#ifndef FRONTEND_TABLES_H",
        "#define FRONTEND_TABLES_H",
        "",
        "#include <stdint.h>",
        "",
        '#include "apf_frontend.h"',
        '#include "apf_normalise.h"',
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        "/* SHA-256 of the configuration, normalisation and all. */",
        f'#define FRONTEND_HASH "{config.hash}"',
        f'#define FRONTEND_PLANE_NAMES "{",".join(config.planes)}"',
        *_defines(numbers),
        "",
        "/* What apf_attach and dev_stream_start take; it has no pointers. */",
        "extern const struct apf_config frontend_config;",
        "/* What apf_attach takes, FRONTEND_TABLE_BYTES on a boundary of 16 bytes. */",
        f"extern const int16_t frontend_tables[{values}];",
        "/* Channels by planes, planes last. */",
        f"extern const struct apf_affine frontend_affines[{config.channels * len(config.planes)}];",
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _defines(numbers: Mapping[str, tuple[int, str]]) -> list[str]:
    """Define numbers, with their comments side by side."""
    starts = [f"#define {name} {value}u" for name, (value, _) in numbers.items()]
    width = max(map(len, starts))
    comments = (what for _, what in numbers.values())
    return [f"{start:<{width}} /* {what} */" for start, what in zip(starts, comments, strict=True)]


def _source(config: FrontendConfig, normalisation: Normalisation, tables: NDArray[np.int16]) -> str:
    lines = [
        MODELS,
        "/* Settings and tables of frontend_tables.h. Generated. */",
        "/* clang-format off */",
        f'#include "{HEADER_NAME}"',
        "",
        *_config_lines(config),
        "",
        "#if defined(APF_SPLIT)",
        '#error "these tables are in the packed order of apf_spectrum.h"',
        "#endif",
        "",
        "/* Window, FFT, gain, logarithm, phase and filterbank, in the order of apf_attach. */",
        f"_Alignas({_ALIGNMENT}) const int16_t frontend_tables[{tables.size}] = {{",
        *_wrapped(str(value) for value in tables.tolist()),
        "};",
        "",
        "/* offset, multiplier, shift; by channel:",
        *(f" * {line}" for line in textwrap.wrap(", ".join(config.planes), _LINE - 3)),
        " */",
        f"const struct apf_affine frontend_affines[{config.channels * len(config.planes)}] = {{",
        *_affine_lines(normalisation),
        "};",
    ]
    return "\n".join(lines) + "\n"


def _config_lines(config: FrontendConfig) -> list[str]:
    noise = (config.noise_reduction, config.smoothing_bits, config.even_smoothing,
             config.odd_smoothing, config.min_signal_remaining)  # fmt: skip
    pcan = (config.pcan, config.pcan_strength, config.pcan_offset, config.pcan_gain_bits)
    parts: dict[str, Sequence[bool | int | float]] = {
        "window": (config.window_samples, config.hop_samples),
        "filterbank": (config.channels, config.lower_hz, config.upper_hz),
        "noise_reduction": noise,
        "pcan_gain": pcan,
        "log_scale": (config.log, config.log_scale_shift),
        "delta": (config.amplitude_delta,),
        "phase": (config.phase_bits, config.angle_weight == "modulus"),
    }
    return [
        "const struct apf_config frontend_config = {",
        f"    .sample_rate = {config.sample_rate},",
        *(
            f"    .{name} = {{{', '.join(_literal(value) for value in values)}}},"
            for name, values in parts.items()
        ),
        "};",
    ]


def _literal(value: bool | int | float) -> str:
    """Return a C literal; the shortest decimal that reads back as the same float32."""
    if isinstance(value, float):
        return f"{np.float32(value)!s}f"
    return str(int(value))


def _affine_lines(normalisation: Normalisation) -> list[str]:
    """One line per channel and plane; -2^31 never occurs, so every literal has its type."""
    affines = normalisation.to_affines()
    return [
        f"    {{INT64_C({item['offset']}), {item['multiplier']}, {item['shift']}u}},"
        for channel in affines
        for item in channel
    ]


def _wrapped(values: Iterable[str]) -> list[str]:
    lines, line = [], "   "
    for value in values:
        if len(line) + len(value) + 2 > _LINE:
            lines.append(line)
            line = "   "
        line += f" {value},"
    return [*lines, line]
