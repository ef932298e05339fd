"""Find Edge TPUs on this machine, and the software that reaches them."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import extra
from quantize.foundation.string_enum import StrEnum
from quantize.runtimes.catalogue import litert_module

LIBRARY = "libedgetpu.so.1"
_USB_FRESH, _USB_LOADED = ("1a6e", "089a"), ("18d1", "9302")
"""A USB accelerator before its firmware is loaded, and after."""
NEWEST_PYTHON_OF_PYCORAL = (3, 9)
"""Google publishes wheels of its pycoral up to this version of Python."""
NEWEST_RUNTIME = 14
"""The version of the runtime that compiler 16 writes files for."""
RUNTIME_ADVICE = "install libedgetpu1-std from Coral's package archive"
UDEV_ADVICE = (
    "install libedgetpu1-std, which brings the udev rule, join the group plugdev, and plug it in "
    "again"
)


class Attachment(StrEnum):
    """How an Edge TPU is attached."""

    USB = "usb"
    PCIE = "pcie"


@dataclass(frozen=True, slots=True)
class EdgeTpu:
    """An Edge TPU that this machine sees.

    Parameters
    ----------
    attachment
        How it is attached.
    node
        Its device file.
    accessible
        Whether this user may open it.
    temperature
        A file with its temperature in thousandths of a degree Celsius; ``None`` over USB.
    """

    attachment: Attachment
    node: Path
    accessible: bool
    temperature: Path | None

    def temperature_celsius(self) -> float | None:
        """Return its temperature, ``None`` where it cannot be read."""
        if self.temperature is None:
            return None
        try:
            return int(self.temperature.read_text("ascii")) / 1000
        except (OSError, ValueError):
            return None


class Backend(StrEnum):
    """The software that runs a compiled model."""

    PYCORAL = "pycoral"
    """Google's own Python library."""
    LITERT = "litert"
    """LiteRT, with the delegate in libedgetpu."""


def find_edge_tpus(
    *, sysfs: Path = Path("/sys"), devices: Path = Path("/dev")
) -> tuple[EdgeTpu, ...]:
    """Return the Edge TPUs that the kernel lists, on PCIe first."""
    return (*_on_pcie(sysfs, devices), *_on_usb(sysfs, devices))


def _on_pcie(sysfs: Path, devices: Path) -> Iterator[EdgeTpu]:
    for entry in sorted((sysfs / "class" / "apex").glob("apex_*")):
        node = devices / entry.name
        yield EdgeTpu(Attachment.PCIE, node, os.access(node, os.R_OK | os.W_OK), entry / "temp")


def _on_usb(sysfs: Path, devices: Path) -> Iterator[EdgeTpu]:
    for entry in sorted((sysfs / "bus" / "usb" / "devices").glob("*")):
        identity = _text(entry / "idVendor"), _text(entry / "idProduct")
        if identity not in {_USB_FRESH, _USB_LOADED}:
            continue
        bus, number = _text(entry / "busnum"), _text(entry / "devnum")
        if bus.isdigit() and number.isdigit():
            node = devices / "bus" / "usb" / f"{int(bus):03d}" / f"{int(number):03d}"
            yield EdgeTpu(Attachment.USB, node, os.access(node, os.R_OK | os.W_OK), None)


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii").strip().lower()
    except (OSError, ValueError):
        return ""


def pick_edge_tpu(found: tuple[EdgeTpu, ...]) -> EdgeTpu:
    """Return the first Edge TPU that may be opened.

    Raises
    ------
    ToolMissing
        When there is none; says whether it is the device or the permission that is missing.
    """
    if not found:
        raise ToolMissing(
            "no Edge TPU is attached, on USB or PCIe",
            hint="plug one in, or predict instead: edgeser estimate",
        )
    for device in found:
        if device.accessible:
            return device
    raise ToolMissing(
        f"the Edge TPU at {found[0].node} may not be opened by this user", hint=UDEV_ADVICE
    )


def is_googles_pycoral() -> bool:
    """Say whether the installed `pycoral` is Google's; PyPI's is a tool for maps."""
    spec = importlib.util.find_spec("pycoral")
    places = [] if spec is None else list(spec.submodule_search_locations or [])
    return any((Path(place) / "utils" / "edgetpu.py").is_file() for place in places)


def pick_backend() -> Backend:
    """Return Google's pycoral where it is installed, else LiteRT with libedgetpu.

    Raises
    ------
    ToolMissing
        When neither is there.
    """
    if is_googles_pycoral():
        return Backend.PYCORAL
    if litert_module() is None:
        raise ToolMissing("LiteRT is not installed", hint=extra("runtimes").install)
    if ctypes.util.find_library("edgetpu") is None:
        raise ToolMissing("the Edge TPU's library, libedgetpu, is missing", hint=RUNTIME_ADVICE)
    return Backend.LITERT
