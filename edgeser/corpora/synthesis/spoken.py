"""A synthetic corpus in which words matter: espeak-ng speaks sentences, in agreement or not.

Nobody speaks here. What is measured on these clips says whether a model uses words where they carry
the emotion, and leaves them alone where they do not; it says nothing of accuracy on people.

The label is what the words say where they say an emotion, and what the voice says where they are
neutral. Each clip says which it is:

=========  ===========  ==============================================
wording    prosody      label
=========  ===========  ==============================================
emotional  agrees       of both
emotional  flat         of the words
emotional  disagrees    of the words, against the voice
neutral    alone        of the voice
neutral    flat         neutral
=========  ===========  ==============================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import SAMPLE_RATE, to_int16
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.corpora.choice import SPOKEN
from edgeser.corpora.synthesis import espeak, made
from edgeser.corpora.synthesis.espeak import Espeak, Manner
from edgeser.corpora.synthesis.spoken_text import ADJECTIVES, NEUTRAL, make_sentence
from edgeser.corpora.utterance import Corpus
from edgeser.progress import Progress
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.foundation.files import sha256_of_file
from quantize.foundation.temporary import temporary_folder

NAME = SPOKEN
LICENCE = "Apache-2.0 (sentences of edgeser, spoken by espeak-ng)"
CITATION = "synthetic speech of espeak-ng, arranged by edgeser; no human speech"
SCHEMA = "edgeser.spoken-corpus/1"

_KIND = made.Kind("synthetic speech", "spoken.json", SCHEMA)
_MOST_CLIPS = 100_000
_ARRANGED_BY = ("espeak.py", "spoken.py", "spoken_text.py")
_SEXES = {"f": "female", "m": "male"}
# A variant is a throat: no two speakers have one in common. Accents recur.
_SPEAKERS = (
    ("f1", "en-us"), ("m1", "en-gb"), ("f2", "en-gb-x-rp"), ("m2", "en-us"),
    ("f3", "en-gb-scotland"), ("m3", "en-gb-x-rp"), ("f4", "en-us"), ("m4", "en-gb-scotland"),
    ("f5", "en-gb"), ("m5", "en-us"), ("Annie", "en-us"), ("m6", "en-gb-x-gbclan"),
    ("Andrea", "en-gb"), ("m7", "en-us"), ("linda", "en-us"), ("m8", "en-gb"),
)  # fmt: skip
MOST_SPEAKERS = len(_SPEAKERS)


@dataclass(frozen=True, slots=True)
class _Voice:
    """How an emotion changes what a voice does by itself: factors, steps of pitch, decibels."""

    rate: float
    pitch: float
    movement: float
    level_db: float


_VOICES = {
    "anger": _Voice(1.18, 8.0, 1.5, 5.0),
    "happiness": _Voice(1.08, 20.0, 2.2, 2.0),
    "sadness": _Voice(0.78, -14.0, 0.5, -5.0),
    NEUTRAL: _Voice(1.0, 0.0, 0.25, 0.0),
}
_VARIED = _Voice(0.04, 3.0, 0.1, 1.5)
"""Standard deviations from one clip to the next."""
_WAYS = 4
"""In which each emotion is said; neutral sentences are as many."""
_LEVEL_DB = -24.0
_FLOOR_DB = -72.0
_PAD_SECONDS = 0.12


@dataclass(frozen=True, slots=True)
class SpokenSpec:
    """What determines every sample of the corpus.

    Parameters
    ----------
    seed
        Of all draws.
    speakers, utterances
        How many speakers, and how many utterances of each in each way of each emotion.
    synthesiser
        Version of espeak-ng.
    code_sha256
        Of the source code that arranges it: other sentences are another corpus.
    """

    seed: int
    speakers: int
    utterances: int
    synthesiser: str
    code_sha256: str


@dataclass(frozen=True, slots=True)
class _Line:
    """What is to be said: in which words, in which voice, and what that is called."""

    label: str
    wording: str
    prosody: str
    words: str
    voice: str
    take: int


def write_spoken_corpus(
    root: Path,
    *,
    seed: int = 0,
    speakers: int = 12,
    utterances: int = 6,
    progress: Progress | None = None,
) -> Corpus:
    """Write the spoken corpus to the folder `root`, or reuse it if it is there already.

    What is there is replaced or refused as `made.make` says. Where espeak-ng is not installed an
    intact corpus is reused, whichever version spoke it.

    Parameters
    ----------
    speakers
        2 to 16, in turn in the female and the male range.
    utterances
        Of each speaker: of each emotion in each of four ways, and four times as many neutral ones.
    progress
        Called after each clip with the number done and the total.

    Raises
    ------
    BadInput
        When the numbers make no sense, or the folder is taken or cannot be written.
    ToolMissing
        When espeak-ng is not installed.
    """
    root = Path(root)
    total = speakers * utterances * _WAYS * len(ADJECTIVES)
    if not (2 <= speakers <= MOST_SPEAKERS and utterances >= 1 and total <= _MOST_CLIPS) or not (
        0 <= seed < 2**63
    ):
        raise BadInput(
            f"cannot make {speakers} speakers with {utterances} utterances from seed {seed}",
            hint=f"2 to {MOST_SPEAKERS} speakers, 1 utterance at least, {_MOST_CLIPS} clips at "
            "most, seed from 0",
        )
    made.require_free(root, _KIND)
    try:
        program: Espeak | None = espeak.find_espeak()
        version = program.version if program else ""
    except ToolMissing:
        program, version = None, str(made.read_spec(root, _KIND).get("synthesiser", ""))
        spec = SpokenSpec(seed, speakers, utterances, version, _code_hash())
        if not made.is_intact(root, _KIND, asdict(spec), clips=total):
            raise
    spec = SpokenSpec(seed, speakers, utterances, version, _code_hash())
    if program is not None:
        speaking = program
        made.make(
            root,
            _KIND,
            asdict(spec),
            clips=total,
            write=lambda target: _write_clips(target, spec, speaking, total, progress),
        )
    return read(root)


def read(root: Path) -> Corpus:
    """Read a folder that `write_spoken_corpus` wrote.

    Raises
    ------
    BadInput
        When it is no such folder.
    """
    return made.read(root, _KIND, name=NAME, licence=LICENCE, citation=CITATION)


def _code_hash() -> str:
    digest = hashlib.sha256()
    for module in _ARRANGED_BY:
        digest.update(sha256_of_file(Path(__file__).parent / module).encode())
    return digest.hexdigest()


def _lines(utterances: int, random: np.random.Generator) -> Iterator[_Line]:
    """Yield what one speaker says; which voice disagrees is drawn."""
    emotions = [emotion for emotion in ADJECTIVES if emotion != NEUTRAL]
    for take in range(utterances):
        for emotion in emotions:
            others = [other for other in emotions if other != emotion]
            other = others[int(random.integers(len(others)))]
            yield _Line(emotion, "emotional", "agrees", emotion, emotion, take)
            yield _Line(emotion, "emotional", "flat", emotion, NEUTRAL, take)
            yield _Line(emotion, "emotional", "disagrees", emotion, other, take)
            yield _Line(emotion, "neutral", "alone", NEUTRAL, emotion, take)
    for take in range(_WAYS * utterances):
        yield _Line(NEUTRAL, "neutral", "flat", NEUTRAL, NEUTRAL, take)


def _write_clips(
    target: Path, spec: SpokenSpec, program: Espeak, total: int, progress: Progress | None
) -> list[made.Row]:
    rows: list[made.Row] = []
    with temporary_folder("spoken") as work:
        for number in range(spec.speakers):
            variant, accent = _SPEAKERS[number]
            own = np.random.default_rng([spec.seed, 3, number])
            rate, pitch = own.uniform(145, 185), own.uniform(40, 60)
            for index, line in enumerate(_lines(spec.utterances, own)):
                random = np.random.default_rng([spec.seed, 4, number, index])
                text = make_sentence(line.words, random)
                manner, level_db = _manner(f"{accent}+{variant}", rate, pitch, line.voice, random)
                samples = _recorded(program.say(text, manner, work), level_db, random)
                data = wav_bytes(samples)
                name = f"{variant}_{line.label}_{line.wording}_{line.prosody}_{line.take:03d}.wav"
                (target / made.AUDIO / name).write_bytes(data)
                rows.append(
                    {
                        "path": f"{made.AUDIO}/{name}",
                        "emotion": line.label,
                        "speaker": variant,
                        "sex": _SEXES["m" if variant[0] == "m" else "f"],
                        "language": "en",
                        "wording": line.wording,
                        "prosody": line.prosody,
                        "words_emotion": line.words,
                        "voice_emotion": line.voice,
                        "text": text,
                        "voice": manner.voice,
                        made.HASH_COLUMN: hashlib.sha256(data).hexdigest(),
                    }
                )
                if progress is not None:
                    progress(len(rows), total)
    return rows


def _manner(
    voice: str, rate: float, pitch: float, emotion: str, random: np.random.Generator
) -> tuple[Manner, float]:
    """Return how a speaker says something in an emotion, and at which level in dB full scale."""
    how = _VOICES[emotion]
    spread = random.normal(size=4)
    words = rate * how.rate * (1.0 + _VARIED.rate * spread[0])
    high = pitch + how.pitch + _VARIED.pitch * spread[1]
    moved = how.movement * (1.0 + _VARIED.movement * spread[2])
    level_db = _LEVEL_DB + how.level_db + _VARIED.level_db * spread[3]
    manner = Manner(
        voice=voice,
        words_a_minute=int(np.clip(round(words), 80, 450)),
        pitch=int(np.clip(round(high), 0, 99)),
        movement=max(float(moved), 0.0),
    )
    return manner, float(level_db)


def _recorded(
    samples: NDArray[np.int16], level_db: float, random: np.random.Generator
) -> NDArray[np.int16]:
    """Return speech at a level, between two short pauses, above the noise floor of a room."""
    pad = np.zeros(round(_PAD_SECONDS * SAMPLE_RATE))
    sound = np.concatenate([pad, samples / 32768.0, pad])
    rms = float(np.sqrt(np.mean(np.square(samples / 32768.0))))
    sound *= 10.0 ** (level_db / 20.0) / max(rms, 1e-6)
    sound += random.normal(0.0, 10.0 ** (_FLOOR_DB / 20.0), len(sound))
    return to_int16(sound)
