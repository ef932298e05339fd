"""The benchmark runner's side of the text protocol."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from firmware_bridge.link import (
    DeviceError,
    DeviceFlood,
    DeviceGone,
    DeviceRefusal,
    DeviceTimeout,
    Firmware,
    MalformedReply,
    MlperfRunner,
    Patience,
)
from quantize.foundation.errors import BadInput

INPUT = bytes(range(1, 33))
PATIENCE = Patience(attempt_s=1.0, attempts=4, most_bytes=1 << 16)


def runner(wire) -> MlperfRunner:
    return MlperfRunner(wire, patience=PATIENCE, clock=wire.clock)


class Script:
    """Not a device: answers text commands, one after the other, with what a test says."""

    def __init__(self, **answers: str | list[str]) -> None:
        self.answers = {"name": "m-name-dut-[script]"} | answers
        self.commands: list[str] = []
        self.pending = ""

    def send(self, data: bytes) -> bytes:
        *commands, self.pending = (self.pending + data.decode("ascii")).split("%")
        self.commands += commands
        return b"".join(map(self.answer, commands))

    def answer(self, command: str) -> bytes:
        words = command.split()
        key = "_".join(words[:2]) if words[0] == "db" and len(words) > 1 else words[0]
        answer = self.answers.get(key, self.answers.get(words[0], "e-[Unknown command]"))
        if isinstance(answer, list):
            answer = answer.pop(0)
        lines = [line for line in answer.split("|") if line]
        return "".join(f"{line}\r\n" for line in [*lines, "m-ready"]).encode()

    def stop(self) -> None:
        pass


def infer_lines(**changes: str) -> str:
    lines = {
        "start": "m-warmup-start-2",
        "done": "m-warmup-done",
        "infer": "m-infer-start-5",
        "first": "m-lap-us-100",
        "second": "m-lap-us-350",
        "end": "m-infer-done",
        "results": "m-results-[0.25,-3,1e1]",
    }
    return "|".join((lines | changes).values())


def test_the_real_application_is_driven(new_wire) -> None:
    host = runner(new_wire)
    assert host.name() == "host"
    firmware = host.profile()
    assert firmware.model == "hand-made"
    assert firmware.profile
    assert host.timestamp() <= host.timestamp()
    host.load(INPUT)
    assert host.loaded() == INPUT
    ran = host.infer(3, 1)
    assert ran.count == 3
    assert ran.microseconds >= 0
    assert ran.results == host.results() == numbers(expected(INPUT))


def expected(data: bytes) -> list[int]:
    sums = np.frombuffer(data, np.int8).astype(int).reshape(4, 8).sum(1) - 100
    return np.trunc(np.clip(sums, -128, 127) / 2).astype(int).tolist()


def numbers(output: list[int]) -> tuple[float, ...]:
    """What the output of the model made by hand stands for."""
    return tuple(0.25 * (value + 2) for value in output)


def test_text_and_frames_share_a_line(wire) -> None:
    host = runner(wire)
    for offset in range(3):
        device = wire.open()
        data = bytes(value + offset for value in INPUT)
        host.load(data)
        device.infer()
        assert device.read_output().tolist() == expected(data)
        device.write_input(data[::-1])
        assert host.infer(1).results == numbers(expected(data[::-1]))


def test_what_the_application_refuses_is_said(wire) -> None:
    with pytest.raises(DeviceRefusal, match="db load"):
        runner(wire).load(bytes(33))


def test_half_a_command_on_the_line_is_overcome(wire) -> None:
    wire.device.send(b"infer 10")
    assert runner(wire).name() == "host"


def test_noise_on_the_line_is_overcome(wire) -> None:
    wire.push(b"m-lap-us-\x07\xff\0\x03noise\r\nm-ready\r\nm-re")
    assert runner(wire).profile().model == "hand-made"


def test_every_lost_message_is_overcome_or_said(wire) -> None:
    total = 0
    for lost in range(40):
        counter = itertools.count()
        wire.to_host = lambda data, counter=counter, lost=lost: (
            [] if next(counter) == lost else [(0.0, data)]
        )
        host = runner(wire)
        try:
            host.load(INPUT)
            assert host.infer(2).results == numbers(expected(INPUT))
        except DeviceTimeout:
            total += 1
        if next(counter) <= lost:
            break
    else:
        pytest.fail("the run never ends")
    assert total <= 1, "only `infer` cannot be sent again"


@pytest.mark.parametrize("seed", range(5))
def test_late_answers_are_not_the_next_ones(wire, seed: int) -> None:
    draw = np.random.default_rng(seed)
    host = runner(wire)
    for offset in range(10):
        data = bytes(int(value) for value in draw.integers(0, 40, 32))
        wire.to_host = lambda data: [(float(draw.choice([0.0, 0.0, 0.0, 0.6, 1.4, 2.5])), data)]
        try:
            host.load(data)
            results = host.infer(1 + offset).results
        except (DeviceTimeout, MalformedReply):
            continue
        assert results == numbers(expected(data))


def test_a_script_is_driven(spoilt) -> None:
    wire = spoilt(Script(infer=infer_lines(), results="m-results-[0.25,-3,1e1]"))
    ran = runner(wire).infer(5, 2)
    assert (ran.count, ran.microseconds, ran.results) == (5, 250, (0.25, -3.0, 10.0))
    assert wire.device.commands == ["name", "infer 5 2", "results"]


def test_the_reference_firmwares_answers_are_understood(spoilt) -> None:
    profile = "m-profile-[ULPMark for tinyML Firmware V0.0.1]|m-model-[kws01]"
    wire = spoilt(Script(profile=profile))
    assert runner(wire).profile() == Firmware(
        profile="ULPMark for tinyML Firmware V0.0.1", model="kws01"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"second": "m-lap-us-99"},
        {"second": "m-lap-us--1"},
        {"first": ""},
        {"infer": "m-infer-start-6"},
        {"start": "m-warmup-start-1"},
        {"end": "m-infer-done|m-infer-done"},
        {"results": "m-results-[]"},
        {"results": "m-results-[nan]"},
        {"results": "m-results-[1,,2]"},
        {"results": "m-results-[1e999]"},
        {"results": "m-results-[0.25,-3,1e2]"},
    ],
)
def test_an_inference_that_does_not_add_up_is_refused(spoilt, changes) -> None:
    script = Script(infer=infer_lines(**changes), results="m-results-[0.25,-3,1e1]")
    with pytest.raises(MalformedReply) as caught:
        runner(spoilt(script)).infer(5, 2)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "answers",
    [
        {"db_load": "m-[Expecting 31 bytes]"},
        {"db_load": "m-[Expecting 32 bytes]|m-[Expecting 32 bytes]"},
        {"db": ""},
        {"db": "m-load-done"},
        {"db_print": "m-buffer-01-02"},
        {"db_print": "m-buffer-"},
        {"db_print": "m-buffer-0g"},
        {"db_print": ""},
    ],
)
def test_an_input_that_does_not_arrive_is_noticed(spoilt, answers) -> None:
    good = {"db_load": "m-[Expecting 32 bytes]", "db_" + INPUT[31:].hex(): "m-load-done"}
    good |= {"db": "", "db_print": "m-buffer-" + INPUT.hex("-")}
    runner(spoilt(Script(**good))).load(INPUT)
    script = Script(**(({} if "db" in answers else good) | {**good, **answers}))
    if answers.get("db") == "":
        del script.answers["db_" + INPUT[31:].hex()]
    with pytest.raises(MalformedReply):
        runner(spoilt(script)).load(INPUT)


def test_a_refusal_is_asked_again_then_said(spoilt) -> None:
    wire = spoilt(Script(timestamp=["e-[busy]", "m-lap-us-7"]))
    assert runner(wire).timestamp() == 7
    wire = spoilt(Script())
    with pytest.raises(DeviceRefusal, match="Unknown command"):
        runner(wire).timestamp()
    assert wire.device.commands.count("timestamp") == 4


def test_silence_and_floods_end_in_time(spoilt) -> None:
    for endless, error in ((b"", DeviceTimeout), (b"m-lap-us-1\r\n" * 300, DeviceFlood)):
        wire = spoilt(Script())
        wire.to_device = lambda data: b""
        wire.endless = endless
        with pytest.raises(error) as caught:
            runner(wire).timestamp()
        assert wire.clock.now <= 4.01
        assert caught.value.exit_code == 3


def test_a_restart_in_the_middle_is_noticed(spoilt) -> None:
    wire = spoilt(Script(timestamp="m-lap-us-7"))
    host = runner(wire)
    host.timestamp()
    wire.push(b"m-init-done\r\nm-ready\r\n")
    with pytest.raises(DeviceGone, match="restarted"):
        host.infer(1)


def test_wrong_use_is_refused() -> None:
    host = MlperfRunner(None)
    for call in (lambda: host.load(b""), lambda: host.infer(0), lambda: host.infer(1, -1)):
        with pytest.raises(BadInput):
            call()


@pytest.mark.parametrize("seed", range(20))
def test_flipped_characters_give_no_wrong_results(wire, seed: int) -> None:
    draw = np.random.default_rng(seed)

    def spoil(data: bytes) -> bytes:
        if draw.random() < 0.08:
            at = int(draw.integers(len(data)))
            return data[:at] + bytes([data[at] ^ 1 << int(draw.integers(8))]) + data[at + 1 :]
        return data

    wire.to_device = spoil
    wire.to_host = lambda data: [(0.0, spoil(data))]
    host = runner(wire)
    data = bytes(int(value) for value in draw.integers(0, 40, 32))
    try:
        host.load(data)
        results = host.infer(3).results
    except DeviceError as error:
        assert error.exit_code in (1, 3)
        return
    assert results == numbers(expected(data))
