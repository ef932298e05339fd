"""A recipe is every choice of a run: read strictly, hashed stably, written back as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeser import toml
from edgeser.corpora import CorpusChoice
from edgeser.features import WindowConfig
from edgeser.network.config import NetworkConfig
from edgeser.pipeline.source import resolve_recipe, with_corpora
from edgeser.recipe import (
    ExportConfig,
    Recipe,
    frontend_named,
    load_recipe,
    parse_recipe,
    with_settings,
)
from edgeser.recipe import preset_names as names_of_presets
from edgeser.training.config import TrainingConfig
from edgeser.typed_tables import to_table
from firmware_bridge.frontend import MICROFRONTEND, FrontendConfig
from quantize.foundation.errors import BadInput

MINIMAL = 'name = "mine"\n'


def refused(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        parse_recipe(text, where="r.toml")
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_presets_are_there_and_bear_their_own_names() -> None:
    assert {"demo", "cremad"} <= set(names_of_presets())
    for name in names_of_presets():
        assert load_recipe(name).name == name


def test_the_demo_needs_no_recordings_and_cremad_does() -> None:
    assert load_recipe("demo").corpora[0].name == "synthetic"
    assert load_recipe("cremad").corpora[0].name == "cremad"


@pytest.mark.parametrize("name", names_of_presets())
def test_a_resolved_preset_written_as_toml_is_the_same_recipe(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    path = tmp_path / "resolved.toml"
    path.write_text(recipe.to_toml(), "utf-8")
    again = load_recipe(str(path))
    assert again == recipe
    assert again.hash == recipe.hash


def test_what_is_left_out_has_its_default_and_the_resolved_recipe_says_it() -> None:
    recipe = parse_recipe(MINIMAL, where="r.toml")
    assert recipe == Recipe("mine")
    written = toml.loads(recipe.to_toml())
    assert written["training"]["epochs"] == TrainingConfig().epochs
    assert written["frontend"]["channels"] == FrontendConfig().channels
    assert set(written) >= {"corpora", "window", "network", "augmentation", "export", "budget"}


def test_the_hash_does_not_depend_on_where_the_corpus_lies() -> None:
    recipe = load_recipe("cremad")
    here = with_corpora(recipe, ["cremad:/data/here"])
    there = with_corpora(recipe, ["cremad:/data/there"])
    assert here.corpora[0].path != there.corpora[0].path
    assert here.hash == there.hash == recipe.hash


def test_the_path_of_the_compiler_is_kept_and_changes_no_hash() -> None:
    text = 'name = "mine"\n[edgetpu]\ncompiler = "/opt/edgetpu_compiler"\n'
    recipe = parse_recipe(text, where="the test")
    assert recipe.edgetpu.compiler == "/opt/edgetpu_compiler"
    assert recipe.hash == Recipe("mine").hash
    assert parse_recipe(recipe.to_toml(), where="again") == recipe


@pytest.mark.parametrize(
    "changed",
    [
        Recipe("other"),
        Recipe("mine", seed=1),
        Recipe("mine", corpora=(CorpusChoice(name="emodb"),)),
        Recipe("mine", frontend=FrontendConfig(hop_ms=20)),
        Recipe("mine", network=NetworkConfig(stem_width=8)),
        Recipe("mine", training=TrainingConfig(epochs=3)),
        Recipe("mine", export=ExportConfig(calibration_clips=9)),
    ],
)
def test_every_other_choice_changes_the_hash(changed: Recipe) -> None:
    assert changed.hash != Recipe("mine").hash


def test_the_hash_is_the_same_in_another_process() -> None:
    program = "from edgeser.recipe import load_recipe; print(load_recipe('demo').hash)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )
    assert done.stdout.strip() == load_recipe("demo").hash


def test_command_line_and_seed_override_the_recipe() -> None:
    recipe = resolve_recipe("demo", corpora=["generic:some/folder"], seed=7)
    assert (recipe.seed, recipe.corpora[0].name, recipe.corpora[0].path) == (
        7,
        "generic",
        "some/folder",
    )
    assert resolve_recipe(recipe, seed=None) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL + "seeed = 3", "did you mean 'seed'"),
        (MINIMAL + "[training]\nepoch = 3", r"r\.toml \[training\] has no key 'epoch'.*'epochs'"),
        (MINIMAL + "[trainig]\nepochs = 3", "did you mean 'training'"),
        (MINIMAL + "[frontend]\nchanels = 3", r"\[frontend\].*did you mean 'channels'"),
        ("seed = 3", "lacks the key 'name'"),
        ('name = "a b"', "name 'a b' cannot be used"),
        ('name = ""', "name '' cannot be used"),
        (f'name = "{"x" * 65}"', "cannot be used"),
        ('name = "../up"', "cannot be used"),
    ],
)
def test_unknown_keys_are_named_with_the_nearest_one(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_recipe(text, where="r.toml")


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("seed = 1.5", "seed"),
        ('seed = "1"', "seed"),
        ("seed = true", "seed"),
        ("seed = -1", "seed"),
        (f"seed = {2**63}", "seed"),
        (f"seed = {10**400}", "seed"),
        ("training = 3", "training"),
        ('[training]\nepochs = "many"', "epochs"),
        ("[training]\nepochs = 0", "epochs"),
        ("[training]\nlearning_rate = nan", "learning_rate"),
        ("[training]\nlearning_rate = -1", "learning_rate"),
        (f"[training]\nlearning_rate = {10**400}", "learning_rate"),
        ('[training]\ndevice = "tpu"', "device"),
        ("[training]\nclass_balance = 1", "class_balance"),
        ("[network]\nwidths = 3", "widths"),
        ("[network]\nwidths = [1, 2]", "widths"),
        ('[network]\ninputs = "smell"', "inputs"),
        ('[network]\ninputs = "both"', "needs phase planes"),
        ("[loss]\nkl = 0.0", "nothing is to be learnt"),
        ("[loss]\nfocal = -1", "focal"),
        ("[loss]\ncenter = 1", "did you mean 'centre'"),
        ("[loss]\nalign = 0.1", "amplitude against phase"),
        ("[mixing]\nprobability = 2", "probability"),
        ("[mixing]\nratio_db = [10, -5]", "ratio_db"),
        ("[mixing]\nprobability = 1\n[conditions]\nvariants = 0", "variants = 0"),
        ('[network]\ninputs = "quaternion"', "lacks amplitude_delta, if_angle, gd_angle"),
        ('[network]\nalgebra = "octonion"', "algebra"),
        ('[network]\nalgebra = "quaternion"\nstem_width = 18', "stem_width"),
        ('[network]\npooling = "max"', "pooling"),
        ("[network]\nself_attention = -4", "self_attention"),
        ("[network]\nself_attention = 513", "self_attention"),
        ("[network]\nself_attention = true", "self_attention"),
        ("[network]\ngated_pooling = 1", "gated_pooling"),
        ('[network]\ngated_pooling = true\npooling = "mean"', "'gated_pooling' and 'pooling'"),
        ("[frontend]\nchannels = 0", "channels"),
        ("[frontend]\nupper_hz = 9000", "9000"),
        ('[frontend]\nphase_planes = ["if_re", "if_re"]', "phase_planes"),
        ("[window]\nframes = 0", "0 frames"),
        ("[window]\nframes = 10\nhop_frames = 20", "every 20"),
        ("[corpus]\ndevelopment_share = 0.9", "development_share"),
        ("[corpus]\nfold = 5", "fold 5 of 5"),
        ("[export]\ncalibration_clips = 1", "calibration_clips"),
        ("[parity]\nmax_flips = 2", "max_flips"),
        ("[budget]\nlatency_ms = 0", "budget"),
        ("[augmentation]\nwarp = 0.7", "warp"),
        ("[conditions]\nlevel_db = [3, -3]", "level_db"),
        ("[conditions]\nlevel_db = [3]", "level_db"),
        ("[conditions]\nlevel_db = [-1e300, 1e300]", "level_db"),
        ("[conditions]\nspeed_range = [0.1, 1e300]", "speed_range"),
        ("[conditions]\nspeed_range = [1e-9, 1.0]", "speed_range"),
        ("[conditions]\nroom_decay_s = [1.0, 1e9]", "room_decay_s"),
        ("[augmentation]\nmixup = 1e300", "mixup"),
        ("[training]\nlearning_rate = 1e300", "learning_rate"),
        ("[training]\ngradient_clip = 1e300", "gradient_clip"),
    ],
)
def test_wrong_types_and_values_name_the_key_and_what_would_be_right(table: str, key: str) -> None:
    error = refused(f"{MINIMAL}{table}\n")
    assert error.message.startswith("r.toml")
    assert key in error.message
    assert error.hint


@pytest.mark.parametrize(
    "text",
    [
        "name = ",
        "name",
        "[",
        MINIMAL + MINIMAL,
        "[[[",
        "a" * 10_000,
        MINIMAL + "seed = " + "9" * 5000,
        MINIMAL + "x = " + "[" * 5000,
        "\x00",
    ],
)
def test_what_is_no_toml_is_refused_in_one_line(text: str) -> None:
    assert "r.toml" in refused(text).message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00name", "not UTF-8"),
        (bytes(range(256)), "not UTF-8"),
        (b"", "lacks the key 'name'"),
        (b"#" * ((1 << 20) + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_recipe_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "r.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as caught:
        load_recipe(str(path))
    assert str(path) in caught.value.message


def test_a_missing_file_and_an_unknown_preset_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        load_recipe(str(tmp_path / "none.toml"))
    with pytest.raises(BadInput, match="is a folder"):
        (tmp_path / "d.toml").mkdir()
        load_recipe(str(tmp_path / "d.toml"))
    with pytest.raises(BadInput, match="no preset 'demos'; did you mean 'demo'") as caught:
        load_recipe("demos")
    assert "cremad" in caught.value.hint


@given(st.binary(max_size=200))
def test_no_bytes_get_past_the_typed_errors(data: bytes) -> None:
    try:
        recipe = parse_recipe(data.decode("utf-8", "surrogateescape"), where="r.toml")
    except BadInput as error:
        assert error.message
    else:
        assert recipe.name.isidentifier()


@given(
    seed=st.integers(0, 2**62),
    epochs=st.integers(1, 1000),
    frames=st.integers(1, 4096),
    path=st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)
def test_any_recipe_survives_toml(seed: int, epochs: int, frames: int, path: str | None) -> None:
    recipe = Recipe(
        "mine",
        seed=seed,
        corpora=(CorpusChoice(path=path),),
        training=TrainingConfig(epochs=epochs),
        window=WindowConfig(frames, max(1, frames // 3)),
    )
    again = parse_recipe(recipe.to_toml(), where="again")
    assert again == recipe
    assert to_table(again) == to_table(recipe)
    moved = replace(recipe, corpora=(replace(recipe.corpora[0], path="elsewhere"),))
    assert again.hash == moved.hash


def test_settings_change_keys_and_are_checked_like_a_recipe() -> None:
    changed = resolve_recipe(
        "demo",
        seed=None,
        settings=(
            "training.epochs=3",
            "network.inputs = both",
            'frontend.phase_planes=["if_re", "gd_mod"]',
            "evaluation.conditions=false",
        ),
    )
    assert (changed.training.epochs, changed.network.inputs) == (3, "both")
    assert changed.frontend.phase_planes == ("if_re", "gd_mod")
    assert not changed.evaluation.conditions
    assert changed.network.widths == load_recipe("demo").network.widths


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("training.epochs", "--set cannot use 'training.epochs'"),
        ("=3", "--set cannot use"),
        ("seed.epochs=3", "--set cannot use"),
        ("training.epoch=3", r"\[training\] has no key 'epoch'.*'epochs'"),
        ("training.epochs=many", "'epochs' is 'many'"),
        ("training=3", "'training' is 3"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(setting: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        resolve_recipe("demo", seed=None, settings=(setting,))


def test_frontends_have_names() -> None:
    assert frontend_named("microfrontend") == MICROFRONTEND
    assert frontend_named("demo") == load_recipe("demo").frontend
    with pytest.raises(BadInput, match="microfrontent"):
        frontend_named("microfrontent")


def test_one_corpus_is_read_as_a_list_of_one() -> None:
    recipe = parse_recipe('name = "x"\n[corpus]\nname = "emodb"\nfold = 2\n', where="x")
    assert [(c.name, c.fold) for c in recipe.corpora] == [("emodb", 2)]
    with pytest.raises(BadInput, match=r"both \[corpus\] and \[\[corpora\]\]"):
        parse_recipe('name = "x"\n[corpus]\n[[corpora]]\n', where="x")


def test_settings_reach_one_corpus_or_all() -> None:
    changed = resolve_recipe(
        "speech", settings=("corpora.ravdess.role=train", "corpus.fold=1", "corpora.nemo.weight=2")
    )
    assert {c.name: (c.role, c.fold, c.weight) for c in changed.corpora} == {
        "cremad": ("both", 1, 1.0),
        "ravdess": ("train", 1, 1.0),
        "nemo": ("both", 1, 2.0),
    }
    with pytest.raises(BadInput, match="no corpus 'ravdes'; did you mean 'ravdess'"):
        resolve_recipe("speech", settings=("corpora.ravdes.role=train",))


def test_the_command_lines_corpora_keep_what_the_recipe_says_of_them() -> None:
    recipe = resolve_recipe("speech", settings=("corpora.nemo.weight=3", "corpus.seed=7"))
    chosen = with_corpora(recipe, ["nemo:n", "office=generic:o", "lab=generic:l"])
    assert [(c.name, c.read_by, c.path) for c in chosen.corpora] == [
        ("nemo", "nemo", "n"),
        ("office", "generic", "o"),
        ("lab", "generic", "l"),
    ]
    assert [(c.weight, c.seed) for c in chosen.corpora] == [(3.0, 7), (1.0, 7), (1.0, 7)]
    with pytest.raises(BadInput, match="the corpus nemo is named twice"):
        with_corpora(recipe, ["nemo:n", "nemo:m"])


def test_a_recipe_needs_a_corpus_to_train_on() -> None:
    with pytest.raises(BadInput, match="no corpus to train on"):
        resolve_recipe("speech", settings=("corpus.role=test",))


@pytest.mark.parametrize(("gated", "pooling"), [("true", "gated"), ("false", "mean")])
def test_recipes_from_before_poolings_had_names_still_read(gated: str, pooling: str) -> None:
    old = parse_recipe(f"{MINIMAL}[network]\ngated_pooling = {gated}\n", where="r.toml")
    new = parse_recipe(f'{MINIMAL}[network]\npooling = "{pooling}"\n', where="r.toml")
    assert old == new
    assert old.network.pooling == pooling
    assert "gated_pooling" not in old.to_toml()


def test_a_setting_of_the_old_key_names_the_new_one() -> None:
    with pytest.raises(BadInput, match="no key 'gated_pooling'; did you mean 'pooling'"):
        with_settings(Recipe("mine"), ["network.gated_pooling=false"])


def test_without_a_share_nothing_is_in_no_hash() -> None:
    plain = load_recipe("demo")
    tuned = with_settings(plain, ["nothing.noise=0.7", "nothing.seed=3"])
    assert tuned.hash == plain.hash
    asked = with_settings(plain, ["nothing.share=0.5"])
    assert asked.hash != plain.hash
    assert with_settings(asked, ["nothing.seed=3"]).hash != asked.hash
    assert parse_recipe(asked.to_toml(), where="r.toml") == asked


def test_voices_are_not_mixed_into_nothing() -> None:
    text = f"{MINIMAL}[nothing]\nshare = 1.0\n[conditions]\nvariants = 1\n"
    assert parse_recipe(text, where="r.toml").nothing.asked
    error = refused(f"{text}[mixing]\nprobability = 0.5\n")
    assert "would put voices into the clips of [nothing]" in str(error)
