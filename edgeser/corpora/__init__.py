"""Recordings with their labels: one adapter a corpus, speaker splits, and synthetic voices."""

from edgeser.corpora.adapters import ADAPTERS, Adapter, open_corpus, parse_corpus_argument
from edgeser.corpora.audio.files import read_audio
from edgeser.corpora.check import CorpusCheck, check_corpus
from edgeser.corpora.choice import CorpusChoice, LabelsConfig
from edgeser.corpora.division import (
    Division,
    caveat_of,
    describe_division,
    divide,
    division_from_json,
    without_same_person,
)
from edgeser.corpora.emotions import EMOTIONS, canonical_emotion
from edgeser.corpora.gaps import gaps, require_two_labels
from edgeser.corpora.join import Member, join
from edgeser.corpora.problems import count_kinds, problem_lines, problem_rows
from edgeser.corpora.split import (
    SpeakerSplit,
    describe_split,
    published_or_folds,
    split_problems,
)
from edgeser.corpora.synthesis.spoken import write_spoken_corpus
from edgeser.corpora.synthesis.synthetic import write_synthetic_corpus
from edgeser.corpora.utterance import Corpus, FileProblem, Utterance
from edgeser.corpora.vad import Vad
from edgeser.corpora.vad_coordinates import COORDINATES, derived_vad

__all__ = [
    "ADAPTERS",
    "COORDINATES",
    "EMOTIONS",
    "Adapter",
    "Corpus",
    "CorpusCheck",
    "CorpusChoice",
    "Division",
    "FileProblem",
    "LabelsConfig",
    "Member",
    "SpeakerSplit",
    "Utterance",
    "Vad",
    "canonical_emotion",
    "caveat_of",
    "check_corpus",
    "count_kinds",
    "derived_vad",
    "describe_division",
    "describe_split",
    "divide",
    "division_from_json",
    "gaps",
    "join",
    "open_corpus",
    "parse_corpus_argument",
    "problem_lines",
    "problem_rows",
    "published_or_folds",
    "read_audio",
    "require_two_labels",
    "split_problems",
    "without_same_person",
    "write_spoken_corpus",
    "write_synthetic_corpus",
]
