"""What is made where a recipe names synthetic recordings and no place."""

from __future__ import annotations

from pathlib import Path

from edgeser.corpora.choice import SPOKEN, CorpusChoice
from edgeser.corpora.synthesis.spoken import write_spoken_corpus
from edgeser.corpora.synthesis.synthetic import write_synthetic_corpus
from edgeser.corpora.utterance import Corpus
from edgeser.progress import Reporter

VOICES = "synthetic-voices"
SPEECH = "synthetic-speech"


def place_of(choice: CorpusChoice, folder: Path) -> Path:
    """Return where in a folder the recordings of a choice are made."""
    return folder / (SPEECH if choice.read_by == SPOKEN else VOICES)


def make_corpus(choice: CorpusChoice, root: Path, *, reporter: Reporter) -> Corpus:
    """Write the recordings that a choice asks for, or reuse them.

    They are one corpus, whatever the seed of a training or of a division.

    Raises
    ------
    BadInput
        When the numbers make no sense, or the folder is taken or cannot be written.
    ToolMissing
        When espeak-ng is needed and not installed.
    """
    spoken = choice.read_by == SPOKEN
    write = write_spoken_corpus if spoken else write_synthetic_corpus
    return write(
        root,
        speakers=choice.synthetic_speakers,
        utterances=choice.synthetic_utterances,
        progress=reporter.stage(f"Making synthetic {'speech' if spoken else 'voices'}"),
    )
