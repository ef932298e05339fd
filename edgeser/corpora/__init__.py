"""Recordings with their labels: one adapter a corpus, speaker splits, and synthetic voices."""

from edgeser.corpora.adapters import ADAPTERS, Adapter, open_corpus, parse_corpus_argument
from edgeser.corpora.audio import read_audio
from edgeser.corpora.check import CorpusCheck, check_corpus
from edgeser.corpora.emotions import EMOTIONS, canonical_emotion
from edgeser.corpora.split import SpeakerSplit, published_or_folds
from edgeser.corpora.synthetic import write_synthetic_corpus
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance

__all__ = [
    "ADAPTERS",
    "EMOTIONS",
    "Adapter",
    "Corpus",
    "CorpusCheck",
    "FileProblem",
    "SpeakerSplit",
    "Utterance",
    "canonical_emotion",
    "check_corpus",
    "open_corpus",
    "parse_corpus_argument",
    "published_or_folds",
    "read_audio",
    "write_synthetic_corpus",
]
