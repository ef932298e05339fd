"""Where recordings come from: the command line, the run's folder, the recipe, in this order."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import CorpusChoice
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.source import corpora_of, with_corpora
from edgeser.recipe import Recipe
from quantize.foundation.errors import BadInput

SMALL = Recipe("mine", corpora=(CorpusChoice(synthetic_speakers=2, synthetic_utterances=1),))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings" / "anger" / "s1"
    folder.mkdir(parents=True)
    (folder / "a.wav").write_bytes(wav_bytes(np.arange(8000, dtype=np.int16)))
    return tmp_path / "recordings"


def test_synthetic_voices_are_made_in_the_runs_folder_as_many_as_the_recipe_says(
    tmp_path: Path,
) -> None:
    corpus = corpora_of(SMALL, folder=RunFolder(tmp_path / "run"))
    assert corpus.synthetic
    assert corpus.root == tmp_path / "run" / "synthetic-voices"
    assert (len(corpus.speakers), len(corpus.utterances)) == (2, 12)
    seeded = corpora_of(replace(SMALL, seed=9), folder=RunFolder(tmp_path / "other"))
    assert [u.path.read_bytes() for u in seeded.utterances] == [
        u.path.read_bytes() for u in corpus.utterances
    ]


def test_synthetic_speech_is_made_in_a_folder_of_its_own(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: apt-get install it")
    choice = CorpusChoice("spoken", synthetic_speakers=2, synthetic_utterances=1)
    corpus = corpora_of(Recipe("mine", corpora=(choice,)), folder=RunFolder(tmp_path / "run"))
    assert corpus.synthetic
    assert corpus.root == tmp_path / "run" / "synthetic-speech"
    assert (len(corpus.speakers), len(corpus.utterances)) == (2, 32)
    assert {u.wording for u in corpus.utterances} == {"emotional", "neutral"}


def test_the_command_line_comes_first(tmp_path: Path, recordings: Path) -> None:
    corpus = corpora_of(SMALL, arguments=[f"generic:{recordings}"], folder=RunFolder(tmp_path))
    assert (corpus.name, corpus.synthetic) == ("generic", False)


def test_a_run_remembers_where_its_recordings_are(tmp_path: Path, recordings: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    known = with_corpora(SMALL, [f"generic:{recordings}"])
    folder.root.mkdir()
    folder.recipe.write_text(known.to_toml())
    forgotten = known.without_paths()
    assert corpora_of(forgotten, folder=folder).root == recordings
    with pytest.raises(BadInput, match="this needs the recordings of generic"):
        corpora_of(forgotten)


def test_a_folder_of_another_corpus_does_not_lend_its_recordings(
    tmp_path: Path, recordings: Path
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    folder.recipe.write_text(with_corpora(SMALL, [f"generic:{recordings}"]).to_toml())
    assert corpora_of(SMALL, folder=folder).name == "synthetic"


def test_a_folder_of_other_voices_does_not_change_the_recipes(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    folder.recipe.write_text(Recipe("other").to_toml())
    assert len(corpora_of(SMALL, folder=folder).utterances) == 12


def test_the_recipes_own_path_is_used(recordings: Path) -> None:
    recipe = Recipe("mine", corpora=(CorpusChoice(name="generic", path=str(recordings)),))
    assert corpora_of(recipe).root == recordings


def test_without_an_argument_the_recipe_stays_as_it_is() -> None:
    assert with_corpora(SMALL, ()) is SMALL


def test_a_model_that_is_there_may_be_given_a_corpus_to_test_on_alone(recordings: Path) -> None:
    tested = CorpusChoice("generic", role="test")
    recipe = Recipe("mine", corpora=(CorpusChoice(), tested))
    found = corpora_of(recipe, arguments=[f"generic:{recordings}"], classes=("anger", "fear"))
    assert (found.name, found.emotions) == ("generic", ("anger", "fear"))
    with pytest.raises(BadInput, match="generic has no label that is learned: anger against fear"):
        corpora_of(recipe, arguments=[f"generic:{recordings}"], classes=("fear",))
