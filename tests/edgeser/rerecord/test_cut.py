"""From played to cut: every clip to the sample, through a room, by another clock; nothing lost."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from edgeser.corpora import open_corpus, published_or_folds, read_audio
from edgeser.corpora.utterance import Utterance
from edgeser.rerecord import CUT, Rerecorded, cut
from edgeser.rerecord.interpolate import values_at
from quantize.foundation.errors import BadInput
from tests.edgeser.rerecord.recording import DIRECT, RATE, Played, in_room, recorded

Floats = NDArray[np.float64]
_FINE = 16


def beside(folder: Path, played: Played, heard: Floats, gain: float) -> list[float]:
    """Return by how many samples each cut clip lies beside what the microphone truly heard."""
    found = []
    for block in played.playlist.blocks:
        for clip in block.clips:
            samples = read_audio(folder / "audio" / f"{clip.name}.wav") / 32768.0
            assert len(samples) == clip.samples
            first = clip.start + DIRECT - 20
            truth = gain * heard[first : first + clip.samples + 40]
            likeness = fftconvolve(truth, (samples - samples.mean())[::-1], mode="valid")
            fine = values_at(likeness, 0.0, 1.0 / _FINE, _FINE * (len(likeness) - 1) + 1)
            found.append(float(np.argmax(fine)) / _FINE - 20)
    return found


@pytest.mark.parametrize(("rate", "ppm"), [(16_000, 200.0), (16_000, -200.0), (44_100, 200.0)])
def test_every_clip_is_cut_to_the_sample_in_a_room_by_another_clock(
    played: Played, room: Floats, tmp_path: Path, rate: int, ppm: float
) -> None:
    heard = in_room(played.sound(), room)
    path = recorded(heard, tmp_path / "r.wav", rate=rate, ppm=ppm)
    found = cut(played.folder, [path], tmp_path / "out")
    assert not found.refused
    assert max(map(abs, beside(tmp_path / "out", played, heard, 0.2))) <= 0.25
    for alignment in found.alignments:
        assert alignment.place is not None
        assert alignment.place.drift_ppm == pytest.approx(ppm, abs=0.5)
    first = found.alignments[0].place
    assert first is not None
    delay = 4321.37 / rate + DIRECT / RATE
    assert first.delay_s == pytest.approx(delay, abs=1e-3)
    assert all(o.lag is not None and abs(o.lag) <= 0.25 for o in found.outcomes)


def test_labels_speakers_split_and_ratings_are_the_corpuss_own(
    played: Played, tmp_path: Path
) -> None:
    path = recorded(played.sound(), tmp_path / "r.flac")
    cut(played.folder, [path], tmp_path / "out")
    first, again = open_corpus("generic", played.corpus), None
    for adapter in ("rerecorded", "generic"):
        again = open_corpus(adapter, tmp_path / "out")
        assert not again.problems
        assert [known(u) for u in again.utterances] == [known(u) for u in first.utterances]
        assert published_or_folds(again, seed=0) == published_or_folds(first, seed=0)
        assert not again.synthetic


def known(utterance: Utterance) -> tuple[object, ...]:
    own = replace(utterance, clip_id=utterance.clip_id.removeprefix("audio/"), corpus="")
    vad = None if own.vad is None else own.vad.values
    return own.clip_id, own.emotion, own.speaker, own.sex, own.age, own.split, own.prosody, vad


def states(found: Rerecorded) -> dict[int, set[str]]:
    answer: dict[int, set[str]] = {}
    for outcome in found.outcomes:
        answer.setdefault(outcome.block, set()).add(outcome.state)
    return answer


def test_a_block_without_its_chirp_is_refused_and_comes_by_the_next_recording(
    played: Played, tmp_path: Path
) -> None:
    block = played.playlist.blocks[1]
    sound = played.sound()
    deaf = sound.copy()
    deaf[block.after - 100 : block.after + 30_000] = 0.0
    first = recorded(deaf, tmp_path / "first.wav", ppm=50.0)
    found = cut(played.folder, [first], tmp_path / "out")
    assert states(found)[1] == {"the chirp after it was not heard"}
    assert states(found)[0] == {CUT}
    assert len(open_corpus("rerecorded", tmp_path / "out").utterances) < 9
    before = {p: p.read_bytes() for p in (tmp_path / "out" / "audio").rglob("*.wav")}

    second = recorded(sound[block.before - 8000 :], tmp_path / "second.wav", rate=48_000, ppm=-80.0)
    found = cut(played.folder, [second], tmp_path / "out")
    assert not found.refused
    assert found.kept == len(before)
    assert all(path.read_bytes() == data for path, data in before.items())
    assert len(open_corpus("rerecorded", tmp_path / "out").utterances) == 9
    with (tmp_path / "out" / "clips.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert {row["recording"] for row in rows if row["block"] == "1"} == {"second.wav"}
    assert {row["recording"] for row in rows if row["block"] == "0"} == {"first.wav"}
    assert all(abs(float(row["drift_ppm"]) - 50.0) < 1 for row in rows if row["block"] == "0")


def test_a_damaged_clip_is_cut_again(played: Played, tmp_path: Path) -> None:
    path = recorded(played.sound(), tmp_path / "r.wav")
    cut(played.folder, [path], tmp_path / "out")
    clip = next((tmp_path / "out" / "audio").rglob("*.wav"))
    data = clip.read_bytes()
    clip.write_bytes(data[:-2] + b"xx")
    found = cut(played.folder, [path], tmp_path / "out")
    assert found.kept == 8
    assert clip.read_bytes() == data


@pytest.mark.parametrize("lost", [300, -300, 20])
def test_samples_that_were_lost_or_doubled_within_a_block_refuse_it(
    played: Played, tmp_path: Path, lost: int
) -> None:
    block = played.playlist.blocks[1]
    sound, at = played.sound(), block.clips[1].start
    broken = np.concatenate([sound[:at], sound[at + lost :]])
    found = cut(played.folder, [recorded(broken, tmp_path / "r.wav", ppm=100)], tmp_path / "out")
    answer = states(found)
    assert CUT not in answer.pop(1)
    assert all(state == {CUT} for state in answer.values())
    (why,) = states(found)[1]
    number = abs(lost)
    wanted = f"{number} samples {'were lost' if lost > 0 else 'too many'}"
    assert why.startswith(wanted) or "further apart" in why


def test_a_clip_of_which_samples_are_lost_on_both_sides_is_found_by_itself(
    played: Played, tmp_path: Path
) -> None:
    """As many are doubled as were lost: the chirps are right, the clips between are not."""
    block = played.playlist.blocks[0]
    sound = played.sound()
    first, last = block.clips[1].start - 2000, block.clips[2].start - 2000
    broken = np.concatenate(
        [sound[:first], sound[first + 12 : last], sound[last - 12 : last], sound[last:]]
    )
    assert len(broken) == len(sound)
    found = cut(played.folder, [recorded(broken, tmp_path / "r.wav")], tmp_path / "out")
    (refused,) = found.refused
    assert refused.clip == block.clips[1].name
    assert refused.lag == pytest.approx(-12.0, abs=0.5)
    assert "-12" in refused.state


def test_clipping_is_refused_and_a_clip_that_was_not_heard(played: Played, tmp_path: Path) -> None:
    sound = played.sound()
    clips = [clip for block in played.playlist.blocks for clip in block.clips]
    loud, quiet = clips[3], clips[5]
    sound[loud.start : loud.start + loud.samples] *= 60.0
    sound[quiet.start : quiet.start + quiet.samples] = 0.0
    path = recorded(np.clip(sound, -5.0, 5.0), tmp_path / "r.wav")
    found = cut(played.folder, [path], tmp_path / "out")
    why = {outcome.clip: outcome.state for outcome in found.refused}
    assert set(why) == {loud.name, quiet.name}
    assert why[loud.name].startswith("clipped: ")
    assert why[quiet.name].startswith("not heard: ")
    assert not (tmp_path / "out" / "audio" / f"{loud.name}.wav").exists()
    assert len(open_corpus("rerecorded", tmp_path / "out").utterances) == 7


def test_recordings_in_any_order_each_with_its_own_clock(played: Played, tmp_path: Path) -> None:
    sound = played.sound()
    middle = played.playlist.blocks[2].before - 4000
    late = recorded(sound[middle:], tmp_path / "a.wav", ppm=150.0, gain=0.02, noise=1e-4)
    early = recorded(sound[:middle], tmp_path / "b.wav", rate=22_050, ppm=-30.0, subtype="FLOAT")
    found = cut(played.folder, [late, early], tmp_path / "out")
    assert not found.refused
    names = [a.place.listened.path.name for a in found.alignments if a.place is not None]
    assert names[:2] == ["b.wav", "b.wav"]
    assert set(names[2:]) == {"a.wav"}


def test_a_microphone_that_turns_the_sign_or_has_many_channels(
    played: Played, tmp_path: Path
) -> None:
    path = recorded(-played.sound(), tmp_path / "mono.wav")
    samples, rate = soundfile.read(path)
    soundfile.write(tmp_path / "r.wav", np.stack([samples, samples], axis=1), rate)
    assert not cut(played.folder, [tmp_path / "r.wav"], tmp_path / "out").refused


def test_recordings_of_something_else_are_refused_and_leave_nothing(
    played: Played, tmp_path: Path
) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=40_000)
    path = recorded(noise, tmp_path / "noise.wav")
    with pytest.raises(BadInput, match=r"no chirp was heard in .*noise\.wav"):
        cut(played.folder, [path], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    short = tmp_path / "short.wav"
    soundfile.write(short, noise[:100], RATE)
    with pytest.raises(BadInput, match="no chirp was heard"):
        cut(played.folder, [short], tmp_path / "out")


def test_a_rate_that_cannot_hold_the_chirps_is_refused(played: Played, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "r.wav", np.zeros(8000), 4000)
    with pytest.raises(BadInput, match="at 4000 Hz it cannot hold the chirps"):
        cut(played.folder, [tmp_path / "r.wav"], tmp_path / "out")
    path = recorded(played.sound(), tmp_path / "low.wav", rate=8000, ppm=120.0)
    found = cut(played.folder, [path], tmp_path / "out")
    assert not found.refused


def test_another_lists_recordings_and_folder_are_told(played: Played, tmp_path: Path) -> None:
    path = recorded(played.sound(), tmp_path / "r.wav")
    other = tmp_path / "other"
    other.mkdir()
    text = (played.folder / "playlist.json").read_text()
    list_id = played.playlist.list_id
    (other / "playlist.json").write_text(text.replace(list_id, "0" * 16))
    with pytest.raises(BadInput, match="may be of another"):
        cut(other, [path], tmp_path / "out")
    cut(played.folder, [path], tmp_path / "out")
    with pytest.raises(BadInput, match="clips of another play list"):
        cut(other, [path], tmp_path / "out")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "x.txt").write_text("mine")
    with pytest.raises(BadInput, match="holds something else"):
        cut(played.folder, [path], tmp_path / "thesis")


def test_an_interrupted_cut_goes_on(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeser.rerecord import cutting as module

    path = recorded(played.sound(), tmp_path / "r.wav")
    cut(played.folder, [path], tmp_path / "whole")
    calls: list[int] = []
    real = module.fit_of

    def interrupt(*given: object) -> object:
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "fit_of", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cut(played.folder, [path], tmp_path / "out")
    there = len(open_corpus("rerecorded", tmp_path / "out").utterances)
    assert 0 < there < 9
    found = cut(played.folder, [path], tmp_path / "out")
    assert found.kept == there
    for file in (tmp_path / "whole").rglob("*.*"):
        other = tmp_path / "out" / file.relative_to(tmp_path / "whole")
        assert other.read_bytes() == file.read_bytes()
