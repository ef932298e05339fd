from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.link import Address, DeviceNotFound, open_address, parse_address
from quantize.foundation.errors import BadInput


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp:localhost:5331", Address(kind="tcp", place="localhost", port=5331)),
        ("tcp:[::1]:1", Address(kind="tcp", place="::1", port=1)),
        ("serial:/dev/ttyACM0", Address(kind="serial", place="/dev/ttyACM0", baud=115_200)),
        ("serial:COM3@921600", Address(kind="serial", place="COM3", baud=921_600)),
        ("pty:/dev/pts/3", Address(kind="pty", place="/dev/pts/3")),
    ],
)
def test_addresses_are_read(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "emulator",
        "usb:1",
        "tcp:",
        "tcp:host",
        "tcp::80",
        "tcp:host:0",
        "tcp:host:65536",
        "tcp:host:-1",
        "tcp:host:\N{ARABIC-INDIC DIGIT ONE}",
        "tcp:host:9999999999999",
        "serial:",
        "serial:@9600",
        "serial:/dev/ttyACM0@fast",
        "serial:/dev/ttyACM0@1",
        "pty:",
        "pty:/dev/\0",
        "tcp:" + "x" * 2000 + ":1",
    ],
)
def test_others_are_refused_with_examples(text: str) -> None:
    with pytest.raises(BadInput, match="serial:/dev/ttyACM0") as caught:
        parse_address(text)
    assert len(caught.value.message) < 200


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except BadInput:
        return
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "pty:/nowhere/terminal",
        "pty:/dev/null",
        "pty:/etc/hostname",
        "serial:/nowhere/port",
        "tcp:127.0.0.1:1",
    ],
)
def test_where_no_device_is_the_error_says_so(text: str) -> None:
    with pytest.raises(DeviceNotFound) as caught:
        open_address(parse_address(text), timeout_s=2)
    assert caught.value.exit_code == 3
    assert text in caught.value.message or text.partition(":")[2] in caught.value.message
    assert caught.value.hint


def test_a_port_that_is_not_there_is_named_once() -> None:
    with pytest.raises(DeviceNotFound) as caught:
        open_address(parse_address("serial:/nowhere/port"), timeout_s=2)
    assert caught.value.message == "no device at serial:/nowhere/port: No such file or directory"
