"""audb, against a repository in a local folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.corpora import open_corpus, read_audio
from edgeser.corpora.layouts.audb_source import AudbRepository, download
from quantize.foundation.errors import BadInput, ToolMissing


@pytest.fixture
def audb(monkeypatch: pytest.MonkeyPatch) -> Any:
    reason = "audb is not installed (pip install 'edgeser[audb]')"
    module = pytest.importorskip("audb", reason=reason)
    # audb looks through all it is configured to, also when it publishes: nothing beyond here.
    monkeypatch.setattr(module.config, "REPOSITORIES", [])
    return module


def publish(
    audb: Any, folder: Path, *, speakers: list[str | None], segments: bool
) -> AudbRepository:
    """Publish six files with labels, as a database of its own in a local repository."""
    import audformat

    source, host = folder / "db", folder / "host"
    (source / "wav").mkdir(parents=True)
    (host / "repo").mkdir(parents=True)
    files = [f"wav/{i}.wav" for i in range(6)]
    for seed, name in enumerate(files):
        samples = np.random.default_rng(seed).integers(-9000, 9000, 32_000, dtype=np.int16)
        soundfile.write(source / name, samples, 16_000, subtype="PCM_16")
    database = audformat.Database(
        "tiny", source="tests", usage="research", languages=["deu"], license="CC0-1.0"
    )
    people = {"1": {"gender": "male", "age": 31}, "2": {"gender": "female", "age": 20}, "3": {}}
    database.schemes["emotion"] = audformat.Scheme(labels=["anger", "joy", "strange"])
    database.schemes["speaker"] = audformat.Scheme(labels=people)
    labels = ["anger", "joy", "anger", "strange", "joy", "anger"]
    if segments:
        index = audformat.segmented_index(
            [files[0], files[0], files[1]], ["0s", "0.5s", "0s"], ["0.5s", "2s", "9s"]
        )
        table = database["segments"] = audformat.Table(index)
        table["emotion"] = audformat.Column(scheme_id="emotion")
        table["emotion"].set(["anger", "joy", "anger"])
    else:
        for part, chosen in (("train", slice(0, 4)), ("test", slice(4, 6))):
            database.splits[part] = audformat.Split(part)
            table = database[f"emotion.{part}"] = audformat.Table(
                audformat.filewise_index(files[chosen]), split_id=part
            )
            table["emotion"] = audformat.Column(scheme_id="emotion")
            table["emotion"].set(labels[chosen])
    table = database["files"] = audformat.Table(audformat.filewise_index(files))
    table["speaker"] = audformat.Column(scheme_id="speaker")
    table["speaker"].set(speakers)
    database.save(str(source))
    repository = audb.Repository("repo", str(host), "file-system")
    audb.publish(str(source), "1.0.0", repository, verbose=False)
    return AudbRepository("repo", str(host))


def test_files_with_a_split(audb: Any, tmp_path: Path) -> None:
    repository = publish(audb, tmp_path, speakers=["1", "1", "2", "2", "3", None], segments=False)
    before = audb.config.REPOSITORIES
    steps: list[tuple[int, int]] = []
    corpus = download(
        "tiny",
        "1.0.0",
        tmp_path / "out",
        repository=repository,
        progress=lambda *a: steps.append(a),
    )
    assert before == audb.config.REPOSITORIES
    assert steps == [(i, 6) for i in range(1, 7)]
    assert [
        (u.clip_id, u.emotion, u.speaker, u.sex, u.age, u.language, u.split)
        for u in corpus.utterances
    ] == [
        ("audio/wav/0", "anger", "1", "male", 31, "de", "train"),
        ("audio/wav/1", "happiness", "1", "male", 31, "de", "train"),
        ("audio/wav/2", "anger", "2", "female", 20, "de", "train"),
        ("audio/wav/4", "happiness", "3", None, None, "de", "test"),
    ]
    assert corpus.licence == "CC0-1.0"
    assert {p.path.name: p.kind for p in corpus.problems} == {
        "3.wav": "unknown-label",
        "5.wav": "unknown-speaker",
    }
    assert "3.wav,unknown-label" in (tmp_path / "out/left-out.csv").read_text()
    assert open_corpus("generic", tmp_path / "out").utterances == corpus.utterances
    original, _ = soundfile.read(tmp_path / "db/wav/2.wav", dtype="int16")
    assert np.array_equal(read_audio(corpus.utterances[2].path), original)
    with pytest.raises(BadInput, match="there already"):
        download("tiny", "1.0.0", tmp_path / "out", repository=repository)
    for name, version in (("tiny", "9.0.0"), ("none", "1.0.0")):
        with pytest.raises(BadInput, match=f"audb cannot give {name} {version}") as caught:
            download(name, version, tmp_path / "new", repository=repository)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "new").exists()


def test_segments_are_cut_out_and_a_split_by_clip_is_dropped(audb: Any, tmp_path: Path) -> None:
    repository = publish(audb, tmp_path, speakers=["1", "2", "2", "2", "3", "3"], segments=True)
    corpus = download("tiny", "1.0.0", tmp_path / "out", repository=repository)
    whole, _ = soundfile.read(tmp_path / "db/wav/0.wav", dtype="int16")
    clips = {u.clip_id: read_audio(u.path) for u in corpus.utterances}
    assert np.array_equal(clips["audio/wav/0-0ms"], whole[:8000])
    assert np.array_equal(clips["audio/wav/0-500ms"], whole[8000:32000])
    assert len(clips["audio/wav/1-0ms"]) == 32_000


def test_a_published_split_by_clip_is_not_used(audb: Any, tmp_path: Path) -> None:
    repository = publish(audb, tmp_path, speakers=["1", "1", "2", "2", "2", "1"], segments=False)
    corpus = download("tiny", "1.0.0", tmp_path / "out", repository=repository)
    assert {u.split for u in corpus.utterances} == {None}
    assert "split-by-clip" in {p.kind for p in corpus.problems}


def test_without_audb_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "audb", None)
    with pytest.raises(ToolMissing, match="pip install"):
        download("tiny", "1.0.0", tmp_path / "out")
    assert not (tmp_path / "out").exists()
