"""Recordings with their labels: one adapter a corpus, speaker splits, and synthetic voices."""

from edgeser.corpora.adapters import ADAPTERS, open_corpus, parse_corpus_argument
from edgeser.corpora.audio import read_audio
from edgeser.corpora.split import SpeakerSplit, published_or_folds
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance

__all__ = [
    "ADAPTERS",
    "Corpus",
    "FileProblem",
    "SpeakerSplit",
    "Utterance",
    "open_corpus",
    "parse_corpus_argument",
    "published_or_folds",
    "read_audio",
]
