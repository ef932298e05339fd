"""Each fault of a microphone's road, put into speech: named, alone, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeser.acceptance.diagnose import diagnose
from edgeser.acceptance.faults import CHECKED, Fault
from edgeser.acceptance.repeats import repeated_blocks
from edgeser.acceptance.timing import jumps_of
from edgeser.corpora import read_audio
from edgeser.corpora.audio.files import to_int16
from edgeser.corpora.synthesis.voice.expression import EXPRESSIONS
from edgeser.corpora.synthesis.voice.render import render_utterance
from edgeser.corpora.synthesis.voice.speaker import make_speaker
from edgeser.rerecord.markers import Kind, Marker, marker_samples, sweep
from quantize.foundation.errors import BadInput
from tests.edgeser.acceptance.faults import (
    INJECTED,
    RATE,
    Samples,
    at_rate,
    beside,
    doubled,
    high_passed,
    in_turn,
    lost,
    saturated,
    stale,
)

PAUSE = np.zeros(4000, np.int16)
ONLY_AGAINST_PLAYED = [
    *(name for name, (_, fault) in INJECTED.items() if fault is Fault.LOST),
    *(name for name, (_, fault) in INJECTED.items() if fault is Fault.HIGH_PASS),
    *("1 bit too quiet", "7 bits too quiet", "a sample doubled"),
]


def marker(kind: Kind) -> Samples:
    return to_int16(marker_samples(Marker(kind, 0), "test", RATE))


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Four phrases of two voices, with the noise of a room."""
    phrases = [
        render_utterance(make_speaker(index, seed=7), emotion, np.random.default_rng([7, index]))
        for index, emotion in ((0, "neutral"), (1, "sadness"), (2, "happiness"), (3, "anger"))
        if emotion in EXPRESSIONS
    ]
    assert len(phrases) == 4
    return np.concatenate(phrases)


@pytest.fixture(scope="module")
def between_chirps(speech: Samples) -> Samples:
    parts = (PAUSE, marker("before"), PAUSE, speech, PAUSE, marker("after"), PAUSE)
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def sweeps() -> Samples:
    """Ten sweeps from 200 to 7000 Hz that are none of ours, with pauses of several lengths."""
    time = np.arange(RATE) / RATE
    wave = np.sin(2 * np.pi * (200 * time + 3400 * time**2))
    wave *= np.minimum(1.0, 20 * np.minimum(time, 1 - time))
    noise = np.random.default_rng(3).normal(0, 6, 20 * RATE)
    for number in range(8):
        start = round((0.3 + 1.6 * number + 0.05 * number**2) * RATE)
        noise[start : start + RATE] += 12_000 * wave
    return saturated(noise[: 17 * RATE])


def test_sound_samples_have_no_fault(
    speech: Samples, between_chirps: Samples, sweeps: Samples
) -> None:
    for samples in (speech, between_chirps, sweeps):
        assert diagnose(samples, RATE, played=samples, played_level=True).faults == ()
    for samples in (speech, between_chirps):
        assert diagnose(samples, RATE).faults == ()


@pytest.mark.parametrize("name", INJECTED)
@pytest.mark.parametrize("kind", ["speech", "between_chirps"])
def test_a_fault_is_named_and_no_other(
    name: str, kind: str, request: pytest.FixtureRequest
) -> None:
    played: Samples = request.getfixturevalue(kind)
    put_in, fault = INJECTED[name]
    found = diagnose(put_in(played), RATE, played=played, played_level=True)
    assert found.faults == (fault,), [finding.sentence for finding in found.findings]
    assert found.findings[0].change


@pytest.mark.parametrize("name", [name for name in INJECTED if name not in ONLY_AGAINST_PLAYED])
def test_a_fault_between_chirps_is_named_by_whoever_does_not_know_what_was_played(
    name: str, between_chirps: Samples
) -> None:
    put_in, fault = INJECTED[name]
    found = diagnose(put_in(between_chirps), RATE)
    assert found.faults == (fault,), [finding.sentence for finding in found.findings]
    assert Fault.LOST in found.unjudged or fault is Fault.GAIN


@pytest.mark.parametrize("rate", [8_000, 11_025, 15_625, 16_320, 24_000, 44_100, 48_000])
def test_a_wrong_rate_is_found_from_a_sweep_of_any_kind(sweeps: Samples, rate: int) -> None:
    found = diagnose(at_rate(sweeps, rate), RATE, played=sweeps, played_level=True)
    assert found.faults == (Fault.RATE,), [finding.sentence for finding in found.findings]
    assert found.findings[0].figures["rate"].value == pytest.approx(rate, rel=2e-3)


@pytest.mark.parametrize(
    ("size", "places"),
    [
        *((1, (0.3,)), (1, (0.3, 0.5, 0.7)), (3, (0.6,)), (5, (0.5,))),
        *((160, (0.3,)), (512, (0.3, 0.6)), (4000, (0.5,))),
    ],
)
def test_what_is_lost_is_counted(
    between_chirps: Samples, size: int, places: tuple[float, ...]
) -> None:
    found = diagnose(
        lost(between_chirps, *places, size=size), RATE, played=between_chirps, played_level=True
    )
    assert found.faults == (Fault.LOST,)
    assert found.findings[0].figures["samples"].value == size * len(places)


def through_the_air(played: Samples, ppm: int) -> Samples:
    """Return what is heard: late, quieter, with reflections, by a clock of its own."""
    from edgeser.rerecord.interpolate import values_at

    random = np.random.default_rng(5)
    step = 1.0 + ppm * 1e-6
    heard = values_at(played / 32768.0, -3000.0, step, len(played) + 9000)
    response = np.zeros(3000)
    response[0] = 0.5
    places = random.integers(30, 3000, 60)
    response[places] += 0.05 * random.normal(size=60) * np.exp(-places / 800)
    heard = np.convolve(heard, response)[: len(heard)] + random.normal(0, 3e-4, len(heard))
    return saturated(32768 * heard)


@pytest.mark.parametrize("ppm", [0, 60, -150])
def test_another_crystal_a_room_and_noise_are_no_fault(between_chirps: Samples, ppm: int) -> None:
    found = diagnose(through_the_air(between_chirps, ppm), RATE, played=between_chirps)
    assert found.faults == (), [finding.sentence for finding in found.findings]
    assert "drift of the two clocks" in found.limits[Fault.LOST]


@pytest.mark.parametrize(
    ("ppm", "size", "fault", "put_in"),
    [
        (60, 1, Fault.LOST, lost),
        (-150, 1, Fault.DOUBLED, doubled),
        (0, 7, Fault.LOST, lost),
    ],
)
def test_few_samples_are_counted_beside_the_drift_of_another_crystal(
    between_chirps: Samples, ppm: int, size: int, fault: Fault, put_in: Callable[..., Samples]
) -> None:
    heard = put_in(through_the_air(between_chirps, ppm), 0.5, size=size)
    found = diagnose(heard, RATE, played=between_chirps)
    assert found.faults == (fault,), [finding.sentence for finding in found.findings]
    assert found.findings[0].figures["samples"].value == size


@pytest.mark.parametrize("ppm", [-140, -30, 0, 55, 120])
@pytest.mark.parametrize("lost_samples", [0, 1, 6])
def test_a_step_is_told_from_a_drift_and_from_a_reflection(ppm: int, lost_samples: int) -> None:
    """Lags to an eighth of a sample, of which six are those of a reflection 44.6 samples later."""
    random = np.random.default_rng(abs(ppm))
    starts = 3200.0 * np.arange(140)
    lags = 3000 + ppm * 1e-6 * starts + random.normal(0, 0.05, len(starts))
    lags[60:] -= lost_samples
    lags[90:96] += 44.6
    rows = np.stack([starts, np.round(8 * lags) / 8, np.full(len(starts), 0.8)], axis=1)
    jumps, least = jumps_of(rows, one_clock=False)
    assert jumps == ([(60 * 3200.0, -lost_samples)] if lost_samples else [])
    assert least == 1.0


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        *(("1 bit too quiet", -1), ("7 bits too quiet", -7), ("8 bits too quiet", -8)),
        *(("12 bits too quiet", -12), ("4 bits too loud, wrapped", 4)),
        *(("4 bits too loud, saturated", 4), ("8 bits too loud, saturated", 8)),
    ],
)
def test_a_shift_is_counted_in_bits(between_chirps: Samples, name: str, bits: int) -> None:
    put_in, _ = INJECTED[name]
    found = diagnose(put_in(between_chirps), RATE, played=between_chirps, played_level=True)
    (finding,) = found.findings
    assert finding.figures["shift_bits"].value == bits
    way = "right" if bits < 0 else "left"
    count = "1 bit" if bits == -1 else f"{abs(bits)} bits"
    assert f"shifted {way} by {count} ({abs(bits) * 6.0206:.0f} dB) too far" in finding.sentence
    if -8 <= bits < 0:
        assert finding.figures["gain"].value == pytest.approx(bits * 6.0206, abs=0.1)


def test_a_gain_that_is_no_shift_is_told_and_no_fault(between_chirps: Samples) -> None:
    found = diagnose(
        saturated(0.3 * between_chirps), RATE, played=between_chirps, played_level=True
    )
    assert found.faults == ()
    assert "0.3 times what was sent (-10.5 dB), 1.74 bits" in found.limits[Fault.GAIN]


def test_a_quiet_voice_is_no_fault_but_told(between_chirps: Samples) -> None:
    """Of unknown speech a shift cannot be told from a quiet voice: what is left is said."""
    quiet = between_chirps >> 5
    found = diagnose(quiet, RATE)
    assert found.faults == ()
    assert "11 of 16 bits are used" in found.limits[Fault.GAIN]
    assert "usual -26 dBFS of speech" in found.limits[Fault.GAIN]
    known = diagnose(quiet, RATE, trained_dbfs=(-40.0, -22.0, -15.0))
    assert "usual -22 dBFS of the training" in known.limits[Fault.GAIN]
    played = diagnose(quiet, RATE, played=between_chirps)
    assert "-30.1 dB, 5.0 bits" in played.limits[Fault.GAIN]
    assert diagnose(between_chirps, RATE).limits == {}


def test_what_is_not_there_was_not_heard(speech: Samples, sweeps: Samples) -> None:
    assert diagnose(sweeps, RATE, played=speech).faults == (Fault.NOT_HEARD,)


@pytest.mark.parametrize("mains", [50, 60])
def test_hum_whose_lowest_lines_a_filter_took_is_named(speech: Samples, mains: int) -> None:
    time = np.arange(len(speech)) / RATE
    upper = sum(np.sin(2 * np.pi * mains * k * time + k) for k in (3, 5))
    found = diagnose(saturated(speech + 300 * upper), RATE)
    assert found.faults == (Fault.HUM,)
    assert found.findings[0].figures["mains"].value == mains
    one = saturated(speech + 300 * np.sin(2 * np.pi * 3 * mains * time))
    assert diagnose(one, RATE).faults == ()  # a fan, perhaps


def test_of_two_channels_the_louder_is_judged_further(speech: Samples) -> None:
    both = in_turn(beside(speech, 0.4), saturated(speech.astype(np.int32) + 1200))
    found = diagnose(both, RATE, played=speech, played_level=True)
    assert found.faults == (Fault.CHANNELS, Fault.DC)
    assert len(found.mended) == len(speech)


def test_a_file_that_is_two_channels_in_turn_is_no_fault_of_the_road(speech: Samples) -> None:
    both = in_turn(speech, beside(speech))
    assert diagnose(both, RATE, played=both, played_level=True).faults == ()


@pytest.mark.parametrize("size", [32, 64, 100, 441, 1024, 4096])
@pytest.mark.parametrize("put_in", [doubled, stale])
def test_a_block_of_any_length_that_came_twice_is_counted(
    speech: Samples, size: int, put_in: Callable[..., Samples]
) -> None:
    heard = put_in(speech, 0.4, size=size)
    ((at, count),) = repeated_blocks(heard)
    # A sample before it may be the same by chance.
    assert count == size and at == pytest.approx(int(0.4 * len(speech)) + size, abs=3)
    assert repeated_blocks(doubled(heard, 0.8, size=size))[1][1] == size


def test_what_a_computer_made_is_no_block_that_came_twice() -> None:
    """Tones, chords, square waves and saws of many lengths, silence, and what is clipped flat."""
    time = np.arange(RATE) / RATE
    for hz in (31.25, 62.5, 100, 440, 697, 1000, 3000):
        turns = hz * time
        tone = np.sin(2 * np.pi * turns)
        chord = sum(np.sin(2 * np.pi * k * turns + k) for k in (1, 2, 3, 4)) / 4
        saw = 2 * (turns % 1) - 1
        for wave in (tone, chord, np.sign(tone), saw, np.clip(3 * tone, -1, 1)):
            for count in (800, 2080, 4800, len(time)):
                samples = np.zeros(RATE + 2000, np.int16)
                samples[1000 : 1000 + count] = 12_000 * wave[:count]
                assert repeated_blocks(samples) == [], (hz, count)


def test_real_speech_has_no_block_that_came_twice(shared: Path) -> None:
    """Thirty clips of two corpora, as they are, and so loud that they clip."""
    clips = [
        *sorted((shared / "corpora/CREMA-D/AudioWAV").iterdir())[::205],
        *sorted((shared / "corpora/EMO-DB/wav").iterdir())[::34],
    ]
    assert len(clips) >= 30
    for clip in clips:
        samples = read_audio(clip, sample_rate=RATE)
        for heard in (samples, saturated(20.0 * samples)):
            assert repeated_blocks(heard) == [], clip


def test_two_faults_are_both_named(between_chirps: Samples) -> None:
    put = lost(saturated(between_chirps.astype(np.int32) + 1200), 0.5)
    found = diagnose(put, RATE, played=between_chirps, played_level=True)
    assert found.faults == (Fault.DC, Fault.LOST)


def test_sweeps_of_a_play_list_are_found_whatever_came_before(between_chirps: Samples) -> None:
    tone = to_int16(0.4 * sweep(RATE, 0.25, up=True))
    random = np.random.default_rng(9)
    samples = saturated(random.normal(0, 300, 3 * RATE))
    samples[20_000 : 20_000 + len(tone)] += tone
    assert diagnose(at_rate(samples, 12_000), RATE).faults == (Fault.RATE,)


def test_a_steep_high_pass_shows_in_the_voice_alone(speech: Samples) -> None:
    assert diagnose(high_passed(speech, 400, order=4), RATE).faults == (Fault.HIGH_PASS,)
    spoken = high_passed(speech, 400, order=4)
    found = diagnose(spoken, RATE, played=spoken, speech=[(0, len(spoken))], played_level=True)
    assert found.faults == (Fault.HIGH_PASS,)


def test_less_than_a_second_is_refused() -> None:
    with pytest.raises(BadInput, match="say nothing"):
        diagnose(np.zeros(100, np.int16), RATE)


def test_every_fault_has_its_question() -> None:
    assert set(CHECKED) == set(Fault)
    assert {fault for _, fault in INJECTED.values()} == set(Fault) - {
        Fault.FEATURES,
        Fault.NOT_HEARD,
        Fault.UNLIKE,
    }
