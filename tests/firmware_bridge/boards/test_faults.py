"""What must not happen on the board, done on purpose: each ends in a report, none in silence."""

from __future__ import annotations

import struct
import time

import pytest

from firmware_bridge.link.errors import DeviceGone
from firmware_bridge.link.frames import Frame, encode_frame

WRITE, INFER, MEMORY = 5, 6, 10

MISDEEDS = {
    "overflow the stack": (-101, "stack overflow"),
    "write to a constant": (-102, "write to read-only memory"),
    "write outside of memory": (-103, "access outside of memory"),
    "write beside the arena": (-104, "memory beside the model's arena was overwritten"),
    "write to NULL": (-105, "write to read-only memory"),
    "execute data": (-106, "execution of what is no code"),
    "write to RAM's mirror": (-108, "access outside of memory"),
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_misdeed_is_reported_and_ends_the_program(emulated_device, misdeed: str) -> None:
    value, report = MISDEEDS[misdeed]
    emulated_device.infer(bytes(32))
    emulated_device.request(WRITE, struct.pack("<Ib", 0, value) + bytes(31))
    emulated_device.transport.write(encode_frame(Frame(INFER, 0, 1000, b"")))
    seen = b""
    deadline = time.monotonic() + 10
    with pytest.raises(DeviceGone):
        while time.monotonic() < deadline:
            seen += emulated_device.transport.read(4096, 0.5)
    assert seen.startswith(f"\r\ne-[{report}".encode())
    assert seen.endswith(b"]\r\n")
    if "memory" not in report or "access" in report:
        assert b", status " in seen


def test_address_of_a_wild_write_is_told(emulated_device) -> None:
    emulated_device.request(WRITE, struct.pack("<Ib", 0, -103) + bytes(31))
    emulated_device.transport.write(encode_frame(Frame(INFER, 0, 1000, b"")))
    text = emulated_device.until(lambda got: got.endswith(b"]\r\n")).decode()
    assert ", address 30000000, " in text
    assert ", pc 0000" in text


def test_stack_is_measured(emulated_device, emulated_firmware) -> None:
    size, before = struct.unpack_from("<II", emulated_device.request(MEMORY))
    assert size == 8192
    assert 100 < before < 2048
    emulated_device.infer(bytes(32))
    _, after = struct.unpack_from("<II", emulated_device.request(MEMORY))
    assert before <= after < 2048
