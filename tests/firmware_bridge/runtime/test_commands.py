"""The text protocol: what MLPerf Tiny's public runner sends and looks for."""

from __future__ import annotations

import re

import pytest

DATA = bytes(range(10, 42))


def load(device, data: bytes = DATA, piece: int = 31) -> None:
    assert device.command(f"db load {len(data)}") == [f"m-[Expecting {len(data)} bytes]"]
    for start in range(0, len(data), piece):
        answer = device.command(f"db {data[start : start + piece].hex()}")
        assert answer == (["m-load-done"] if start + piece >= len(data) else [])


def test_runner_finds_name_profile_and_model(host_device) -> None:
    (name,) = host_device.command("name")
    assert re.match(r"^m-(name)-dut-\[([^]]+)]$", name)
    answers = [
        re.match(r"^m-(model|profile)-\[([^]]+)]$", x) for x in host_device.command("profile")
    ]
    assert [match and match[1] for match in answers] == ["profile", "model"]
    assert answers[1] and answers[1][2] == "hand-made"


def test_runner_measures_an_inference(host_device) -> None:
    load(host_device)
    answer = host_device.command("infer 3 2")
    laps = [int(x) for line in answer for x in re.findall(r"^m-lap-us-([0-9]+)$", line)]
    assert len(laps) == 2 and laps[0] <= laps[1]
    assert [line for line in answer if not line.startswith("m-lap")] == [
        "m-warmup-start-2", "m-warmup-done", "m-infer-start-3", "m-infer-done",
        "m-results-[1.500,9.500,16.250,16.250]",
    ]  # fmt: skip
    assert host_device.command("results") == ["m-results-[1.500,9.500,16.250,16.250]"]


def test_runner_loads_pieces_of_any_size(host_device) -> None:
    for piece in (1, 7, 26, 31, 32):
        load(host_device, piece=piece)
        shown = host_device.command("db print")
        assert (
            bytes.fromhex(
                "".join(line.removeprefix("m-buffer-") for line in shown).replace("-", "")
            )
            == DATA
        )
    assert host_device.command("db print 3 30") == ["e-[Command 'db print' is out of range]"]
    assert host_device.command("db print 2 30") == ["m-buffer-28-29"]


def test_input_is_kept_over_inferences(host_device) -> None:
    load(host_device)
    first = host_device.command("infer 1 0")[-1]
    assert host_device.command("infer 1 0")[-1] == host_device.command("infer 5 5")[-1] == first


def test_warmups_default_to_ten(host_device) -> None:
    assert host_device.command("infer 1")[0] == "m-warmup-start-10"


def test_results_may_be_negative(host_device) -> None:
    load(host_device, bytes(32))
    assert host_device.command("infer 1 0")[-1] == "m-results-[-12.000,-12.000,-12.000,-12.000]"


def test_timestamps_move_on(host_device) -> None:
    (first,), (second,) = host_device.command("timestamp"), host_device.command("timestamp")
    assert int(first.removeprefix("m-lap-us-")) <= int(second.removeprefix("m-lap-us-"))


def test_help_names_every_command(host_device) -> None:
    text = " ".join(host_device.command("help"))
    for word in ("name", "profile", "timestamp", "db load", "db print", "infer", "results"):
        assert word in text


@pytest.mark.parametrize(
    "command",
    ["", " ", "nam", "names", "NAME", "db", "db load", "db load 0", "db load 33", "db load -1",
     "db load 1x", "db load 128",
     "db load 99999999999999999999", "db 0", "db 0g", "db 00", "db zz", "db print 33",
     "db print x", "infer 0 0", "infer -1", "infer 1 -1", "infer x", "infer 1000001", "infer 1 1e9",
     "infer 18446744073709551617", "x" * 80, "db " + "0" * 77],
)  # fmt: skip
def test_bad_commands_are_refused_and_forgotten(host_device, command: str) -> None:
    (answer,) = host_device.command(command)
    assert re.match(r"^e-\[.+\]$", answer)
    assert host_device.command("name") == ["m-name-dut-[host]"]


def test_bytes_beyond_the_announced_are_ignored(host_device) -> None:
    host_device.command("db load 2")
    assert host_device.command("db 010203") == ["m-load-done"]
    assert host_device.command("db print") == ["m-buffer-01-02"]
    assert host_device.command("db 04")[0].startswith("e-[")


def test_half_a_byte_stops_the_load_where_it_is(host_device) -> None:
    host_device.command("db load 4")
    assert host_device.command("db 01x2")[0].startswith("e-[")
    assert host_device.command("db 020304") == ["m-load-done"]
    assert host_device.command("db print") == ["m-buffer-01-02-03-04"]


@pytest.mark.parametrize(
    "junk", [b"x" * 81, b"a" * 100_000, b"na\x80me", b"\x01\x02name", b"na\tme"]
)
def test_long_and_unprintable_commands_are_refused_once(host_device, junk: bytes) -> None:
    host_device.transport.write(junk + b"%")
    (answer,) = host_device.lines()
    assert answer == "e-[Command is too long or unreadable]"
    assert host_device.command("name") == ["m-name-dut-[host]"]


def test_line_ends_between_commands_do_no_harm(host_device) -> None:
    assert host_device.command("\r\nname") == ["m-name-dut-[host]"]


def test_commands_may_come_all_at_once(host_device) -> None:
    host_device.transport.write(b"name%" * 200)
    data = host_device.until(lambda got: got.count(b"m-ready") == 200)
    assert data.count(b"m-name-dut-[host]\r\nm-ready\r\n") == 200
