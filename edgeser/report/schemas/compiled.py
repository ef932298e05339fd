"""A compiled model as a JSON object: part of ``edgeser.inspect/1``."""

from __future__ import annotations

from dataclasses import asdict

from edgeser.report.schemas.form import Json
from quantize.edgetpu.compiled_model import CompiledModel, Executable, Layer, Package
from quantize.edgetpu.micro import micro_obstacles
from quantize.foundation.measurement import Evidence, Measurement


def compiled_json(compiled: CompiledModel) -> Json:
    """Return packages, sizes, what was left on the CPU, and whether the Micro can run it."""
    obstacles = micro_obstacles(compiled)
    return {
        "cached_bytes": _figure(compiled.cached_bytes),
        "streamed_bytes": _figure(compiled.streamed_bytes),
        "instruction_bytes": _figure(compiled.instruction_bytes),
        "cpu_operators": list(compiled.cpu_operators),
        "micro": {"runs": not obstacles, "obstacles": list(obstacles)},
        "packages": [_package(package) for package in compiled.packages],
    }


def _figure(value: int) -> Json:
    return Measurement(value, "bytes", Evidence.MEASURED, "counted in the file").to_json()


def _package(package: Package) -> Json:
    return {
        "operator": package.operator,
        "min_runtime_version": package.min_runtime_version,
        "compiler": package.compiler,
        "executables": [_executable(executable) for executable in package.executables],
    }


def _executable(executable: Executable) -> Json:
    return {
        "type": executable.kind.label,
        "chip": executable.chip,
        "batch": executable.batch,
        "scratch_bytes": executable.scratch_bytes,
        "instruction_bytes": executable.instruction_bytes,
        "parameter_bytes": executable.parameter_bytes,
        "narrow_memory_bytes_per_tile": executable.narrow_memory_bytes_per_tile,
        "estimated_cycles": executable.estimated_cycles,
        "deterministic": executable.deterministic,
        "caching_token": f"{executable.caching_token:016x}",
        "inputs": [_layer(layer) for layer in executable.inputs],
        "outputs": [_layer(layer) for layer in executable.outputs],
        "dma_hints": [asdict(hint) for hint in executable.hints],
    }


def _layer(layer: Layer) -> Json:
    return {
        "name": layer.name,
        "shape": [layer.y, layer.x, layer.z],
        "data_type": layer.data_type,
        "scale": layer.scale,
        "zero_point": layer.zero_point,
        "size_bytes": layer.size_bytes,
        "executions": layer.executions,
    }
