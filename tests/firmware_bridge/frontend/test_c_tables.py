"""A frontend as C data: the same bytes for the same settings, and what a compiler makes of them."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.frontend import (
    PHASE_PLANES,
    FrontendConfig,
    normalisation_from_statistics,
)
from firmware_bridge.frontend.c_tables import (
    HEADER_NAME,
    SOURCE_NAME,
    FrontendSources,
    emit_frontend,
)
from quantize.foundation.errors import BadInput
from tests.compilations import program_of

PACKAGE = Path(__file__).parents[3] / "firmware_bridge"
CHECK = """
#include <stdio.h>
#include "dev_stream.h"
#include "frontend_tables.h"

int main(void) {
  const struct dev_stream_config config = {
      .frontend = &frontend_config, .window_frames = FRONTEND_WINDOW_FRAMES};
  struct apf_memory sizes;
  if (apf_memory_sizes(&frontend_config, &sizes) != APF_OK) {
    return 1;
  }
  printf("%zu %zu %zu %zu %zu\\n", sizes.tables, sizeof(frontend_tables), sizes.work,
         dev_stream_bytes(&config), sizeof(frontend_affines));
  fwrite(frontend_tables, 1, sizeof(frontend_tables), stdout);
  fwrite(frontend_affines, 1, sizeof(frontend_affines), stdout);
  return 0;
}
"""


def normalised(**changes: object) -> FrontendConfig:
    config = FrontendConfig.from_dict(changes)
    shape = (len(config.planes), config.channels)
    rng = np.random.default_rng(3)
    statistics = rng.uniform(-9000, 9000, shape), rng.uniform(0.5, 20_000, shape)
    return dataclasses.replace(config, normalisation=normalisation_from_statistics(*statistics))


def compiled(sources: FrontendSources, folder: Path, *flags: str) -> Path:
    """Compile the texts strictly, with a program that prints what they hold."""
    (folder / HEADER_NAME).write_text(sources.header)
    (folder / SOURCE_NAME).write_text(sources.source)
    (folder / "check.c").write_text(CHECK)
    program = folder / "check"
    command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
    command += [*flags, f"-I{PACKAGE / 'frontend/include'}", f"-I{PACKAGE / 'runtime/include'}"]
    ours = [PACKAGE / "runtime/src/dev_stream.c", *sorted((PACKAGE / "frontend/src").glob("*.c"))]
    program_of(command, ours, [folder / SOURCE_NAME, folder / "check.c"], program, "-lm")
    return program


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"phase_planes": list(PHASE_PLANES), "amplitude_delta": True},
        {"phase_planes": ["if_angle", "gd_angle"], "angle_weight": "modulus"},
        {"phase_planes": ["gd_re"], "window_ms": 64, "hop_ms": 20, "channels": 23},
        {"pcan": False, "log": False, "sample_rate": 8000, "upper_hz": 3800.0, "channels": 1},
    ],
)
def test_compiled_data_is_what_the_host_computed(
    changes: dict[str, object], tmp_path: Path
) -> None:
    config = normalised(**changes)
    assert config.normalisation is not None
    sources = emit_frontend(config, window_frames=37)
    program = compiled(sources, tmp_path)
    line, _, data = subprocess.run([program], check=True, capture_output=True).stdout.partition(
        b"\n"
    )
    sizes = [int(word) for word in line.split()]
    assert sizes == [
        sources.table_bytes,
        sources.table_bytes,
        sources.work_bytes,
        sources.stream_bytes,
        sources.affine_bytes,
    ]
    assert data[: sources.table_bytes] == config.build(packed=True).tables()
    assert data[sources.table_bytes :] == config.normalisation.to_affines().tobytes()


def test_header_says_what_the_configuration_says(tmp_path: Path) -> None:
    config = normalised(phase_planes=["if_mod", "gd_angle"], hop_ms=20, amplitude_delta=True)
    header = emit_frontend(config, window_frames=75).header
    numbers = dict(re.findall(r"^#define (FRONTEND_\w+) (\d+)u\b", header, re.MULTILINE))
    assert f'#define FRONTEND_HASH "{config.hash}"' in header
    assert '#define FRONTEND_PLANE_NAMES "amplitude,amplitude_delta,if_mod,gd_angle"' in header
    assert {name: int(value) for name, value in numbers.items()}.items() >= {
        "FRONTEND_SAMPLE_RATE": 16_000,
        "FRONTEND_WINDOW_SAMPLES": 480,
        "FRONTEND_HOP_SAMPLES": 320,
        "FRONTEND_CHANNELS": 40,
        "FRONTEND_PLANES": 4,
        "FRONTEND_WINDOW_FRAMES": 75,
    }.items()


def test_texts_depend_on_the_configuration_alone() -> None:
    first, again, other = (
        emit_frontend(normalised(lower_hz=hz), window_frames=10) for hz in (125.0, 125.0, 126.0)
    )
    assert first == again
    assert first.source != other.source
    assert first.header != other.header


def test_lines_are_short_and_plain() -> None:
    sources = emit_frontend(normalised(phase_planes=list(PHASE_PLANES)), window_frames=150)
    for text in (sources.header, sources.source):
        assert text.isascii()
        assert text.endswith("\n")
        assert max(map(len, text.splitlines())) <= 100


def test_tables_refuse_the_other_order(tmp_path: Path) -> None:
    sources = emit_frontend(normalised(), window_frames=10)
    with pytest.raises(AssertionError, match="packed order"):
        compiled(sources, tmp_path, "-DAPF_SPLIT")


def test_frontend_without_normalisation_is_refused() -> None:
    with pytest.raises(BadInput, match="no normalisation"):
        emit_frontend(FrontendConfig(), window_frames=10)
    with pytest.raises(BadInput, match="window of 0 frames"):
        emit_frontend(normalised(), window_frames=0)
