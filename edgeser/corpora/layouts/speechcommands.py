"""Speech Commands: English words of one second, said by thousands of people; version 0.02.

Two layouts (Warden 2018, arXiv:1804.03209). The data set has a folder a word, with clips named
``SPEAKER_nohash_TAKE.wav``, the lists ``validation_list.txt`` and ``testing_list.txt``, and long
recordings of noise in ``_background_noise_``. The test archive has twelve folders, among them
``_silence_`` and ``_unknown_``, whose names of speakers are given for words only.

Twelve classes as the paper makes them: ten words, ``unknown`` drawn from the other words, and
``silence`` cut from the noise; of these two each part has as many as of a word on average.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

from edgeser.corpora.audio.files import read_recording
from edgeser.corpora.layouts.listing import assemble, clip_id_of, folder, read_files
from edgeser.corpora.names import composed
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable

NAME = "speechcommands"
LICENCE = "CC BY 4.0"
CITATION = (
    "P. Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, "
    "arXiv:1804.03209, 2018"
)
WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
SILENCE, UNKNOWN = "silence", "unknown"
NOT_DRAWN = "not-drawn"

_NOISE = "_background_noise_"
_LISTS = {"development": "validation_list.txt", "test": "testing_list.txt"}
_SHARES = {"train": 8, "development": 1, "test": 1}
_ARCHIVE_LABELS = {"_silence_": SILENCE, "_unknown_": UNKNOWN} | {word: word for word in WORDS}
_MARK = "_nohash_"
_LIST_BYTES = 16 << 20
_PIECE_MS = 1000
_BLOCK_MS = 5000
_STEP_MS = 10
_LAYOUT = "a folder a word and testing_list.txt, or the test archive's twelve folders"


def read(root: Path) -> Corpus:
    """Read Speech Commands from the folder that holds its words' folders.

    Raises
    ------
    BadInput
        When `root` is no folder, holds no clip of the ten words, or a list is no text.
    """
    root = folder(root, expected=_LAYOUT)
    if (root / "_silence_").is_dir() or (root / "_unknown_").is_dir():
        utterances, problems = read_files(root, lambda path: _read_archived(path, root))
        return _corpus(root, utterances, problems)
    return _read_published(root)


def _corpus(
    root: Path,
    utterances: Sequence[Utterance],
    problems: Iterable[FileProblem],
    split: tuple[Path, str] | None = None,
) -> Corpus:
    missing = sorted(set(WORDS) - {utterance.emotion for utterance in utterances})
    faults = list(problems)
    if missing and len(missing) < len(WORDS):
        faults.append(FileProblem(root, "missing-words", f"no clip of {', '.join(missing)}"))
    corpus = assemble(
        name=NAME,
        root=root,
        utterances=utterances,
        problems=faults,
        licence=LICENCE,
        citation=CITATION,
        split=split,
    )
    return replace(corpus, label_kind="any")


def _read_archived(path: Path, root: Path) -> Utterance | FileProblem:
    label = _ARCHIVE_LABELS.get(path.parent.name)
    if label is None or path.parent.parent != root:
        return FileProblem(path, "unknown-label", "it is in none of the twelve folders")
    return _utterance(path, root, label)


def _utterance(path: Path, root: Path, label: str) -> Utterance:
    """Return a clip; its speaker is what stands before ``_nohash_``, without the word."""
    clip_id = clip_id_of(path, root)
    before, mark, _ = path.name.partition(_MARK)
    speaker = composed(before.rpartition("_")[2]) if mark else ""
    return Utterance(
        path=path,
        clip_id=clip_id,
        corpus=NAME,
        emotion=label,
        speaker=speaker or clip_id,
        language="en",
        speaker_known=bool(speaker),
    )


def _read_published(root: Path) -> Corpus:
    """Read the data set: words by its lists, then `unknown` and `silence` made for each part."""
    part_of, problems = _read_lists(root)
    found, faults = read_files(root, lambda path: _read_word(path, root, part_of))
    problems += faults
    named = {u.clip_id for u in found}
    problems += _not_there(root, [name for name in part_of if name not in named])
    words = [u for u in found if u.emotion in WORDS]
    noises = [u.path for u in found if u.emotion == _NOISE]
    others = [u for u in found if u.emotion not in (*WORDS, _NOISE)]
    wanted = _average_clips(words)
    unknown = _drawn(others, wanted)
    if len(unknown) < len(others):
        left = f"{len(others) - len(unknown):,} clips of other words are not used: as many are "
        problems.append(
            FileProblem(root, NOT_DRAWN, f"{left}drawn as '{UNKNOWN}' as a word has on average")
        )
    silence, faults = _silence(noises, wanted, root)
    lists = [name for part, name in _LISTS.items() if part in set(part_of.values())]
    source = f"{' and '.join(lists)}, by the speakers' hashes" if lists else ""
    split = (root / lists[-1], source) if lists else None
    return _corpus(root, [*words, *unknown, *silence], [*problems, *faults], split)


def _read_word(path: Path, root: Path, part_of: dict[str, str]) -> Utterance | FileProblem:
    if path.parent.parent != root:
        return FileProblem(path, "unknown-label", "it is not in a word's folder")
    utterance = _utterance(path, root, composed(path.parent.name))
    if utterance.emotion == _NOISE:
        return utterance
    if not utterance.speaker_known:
        return FileProblem(path, "unknown-speaker", f"no hash of a speaker stands before {_MARK}")
    if not part_of:
        return utterance
    return replace(utterance, split=part_of.get(utterance.clip_id, "train"))


def _read_lists(root: Path) -> tuple[dict[str, str], list[FileProblem]]:
    """Return the part of each clip that a list names, and what is odd about the lists."""
    part_of: dict[str, str] = {}
    problems: list[FileProblem] = []
    for part, name in _LISTS.items():
        path = root / name
        if not path.is_file():
            problems.append(FileProblem(path, "missing-list", f"no {part} part is published here"))
            continue
        try:
            lines = read_bounded(path, limit_bytes=_LIST_BYTES).decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise BadInput(
                f"cannot read the list {path}: it is not UTF-8 text", hint="fetch it anew"
            ) from error
        named = {_listed(line) for line in lines if line.strip()}
        if twice := sorted(named & part_of.keys()):
            detail = f"{len(twice):,} of its clips are on another list too: {_some(twice)}"
            problems.append(FileProblem(path, "clip-in-two-parts", detail))
        part_of |= dict.fromkeys(sorted(named), part)
    return part_of, problems


def _listed(line: str) -> str:
    """Return the clip id that a line of a list names: its path without the suffix."""
    name = composed(line.strip().replace("\\", "/")).removeprefix("./")
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and "/" not in suffix else name


def _not_there(root: Path, names: Sequence[str]) -> list[FileProblem]:
    if not names:
        return []
    detail = f"{len(names):,} clips that the lists name are not there: {_some(names)}"
    return [FileProblem(root, "missing-clips", detail)]


def _average_clips(words: Sequence[Utterance]) -> dict[str | None, int]:
    """Return how many clips a word has on average in each part, rounded up: a tenth of ten."""
    counts = Counter(utterance.split for utterance in words)
    present = {part: {u.emotion for u in words if u.split == part} for part in counts}
    return {part: -(-counts[part] // len(present[part])) for part in counts}


def _drawn(others: Iterable[Utterance], wanted: dict[str | None, int]) -> list[Utterance]:
    """Draw clips of other words for each part, by the hashes of their names: always the same."""
    by_part: dict[str | None, list[Utterance]] = {}
    for utterance in others:
        by_part.setdefault(utterance.split, []).append(utterance)
    drawn = []
    for part, members in by_part.items():
        members.sort(key=lambda u: hashlib.sha256(u.clip_id.encode()).digest())
        drawn += members[: wanted.get(part, 0)]
    return [replace(utterance, emotion=UNKNOWN) for utterance in drawn]


def _silence(
    noises: Sequence[Path], wanted: dict[str | None, int], root: Path
) -> tuple[list[Utterance], list[FileProblem]]:
    """Cut pieces of a second from the noise: each part from a stretch of its own of each file.

    A stretch is cut into blocks of a few seconds. Pieces of one block may overlap, and stand for
    one speaker, so that they stay together however speakers are divided; those of two never do.
    """
    problems = []
    lengths: dict[Path, int] = {}
    for path in noises:
        try:
            recording = read_recording(path)
        except BadInput as error:
            problems.append(FileProblem(path, "corrupt", error.message))
        else:
            lengths[path] = len(recording.samples) * 1000 // recording.sample_rate
    pieces: list[Utterance] = []
    for part, count in wanted.items():
        blocks = [
            _Block(path, begin, end)
            for path, length in lengths.items()
            for begin, end in _blocks(*_stretch(length, part, wanted))
        ]
        made = [
            _piece(block, start, root, part)
            for block, share in zip(blocks, _shares(blocks, count), strict=True)
            for start in block.starts(share)
        ]
        pieces += made
        if len(made) < count:
            detail = f"{len(made)} pieces for {part or 'all'}, {count} wanted: too little noise"
            problems.append(FileProblem(root / _NOISE, "little-noise", detail))
    return pieces, problems


@dataclass(frozen=True, slots=True)
class _Block:
    """Some seconds of a noise file, from `begin` to `end` in ms."""

    path: Path
    begin: int
    end: int

    def starts(self, count: int) -> list[int]:
        """Return where up to `count` pieces begin, in ms, spread over the block."""
        room = self.end - self.begin - _PIECE_MS
        number = min(count, room // _STEP_MS + 1)
        return [self.begin + room * index // max(1, number - 1) for index in range(number)]


def _stretch(length: int, part: str | None, wanted: dict[str | None, int]) -> tuple[int, int]:
    """Return where a part's stretch of a noise file begins and ends, in ms: 8 to 1 to 1."""
    shares = [(name, share) for name, share in _SHARES.items() if name in wanted]
    if part not in dict(shares):
        return 0, length
    whole = sum(share for _, share in shares)
    before = sum(share for name, share in shares[: [name for name, _ in shares].index(part)])
    return length * before // whole, length * (before + dict(shares)[part]) // whole


def _blocks(begin: int, end: int) -> list[tuple[int, int]]:
    """Divide a stretch into blocks of like length, none if it is shorter than a piece."""
    if end - begin < _PIECE_MS:
        return []
    number = -(-(end - begin) // _BLOCK_MS)
    edges = [begin + (end - begin) * index // number for index in range(number + 1)]
    return list(pairwise(edges))


def _shares(blocks: Sequence[_Block], count: int) -> list[int]:
    """Deal `count` pieces to blocks by their lengths."""
    lengths = list(accumulate((block.end - block.begin for block in blocks), initial=0))
    dealt = [count * length // max(1, lengths[-1]) for length in lengths]
    return [after - before for before, after in pairwise(dealt)]


def _piece(block: _Block, start: int, root: Path, part: str | None) -> Utterance:
    noise = clip_id_of(block.path, root)
    return Utterance(
        path=block.path,
        clip_id=f"{noise}@{start:06d}ms",
        corpus=NAME,
        emotion=SILENCE,
        speaker=f"{noise}@{block.begin:06d}-{block.end:06d}ms",
        split=part,
        speaker_known=False,
        start_s=start / 1000.0,
        duration_s=_PIECE_MS / 1000.0,
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(map(printable, names[:3])) + more
