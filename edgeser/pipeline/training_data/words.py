"""A recipe's encoder of words: read from a trained run, and held to the frontend of the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.bundle import TrainedModel, load_bundle, load_trained
from edgeser.corpora import CorpusChoice
from edgeser.corpora.choice import SYNTHETIC
from edgeser.network.words_config import WordsConfig
from edgeser.pipeline.folder import RunFolder
from edgeser.recipe import Recipe
from firmware_bridge.frontend import FrontendConfig
from firmware_bridge.frontend.config import ANGLE_PLANES
from firmware_bridge.frontend.normalisation import Normalisation
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

if TYPE_CHECKING:
    from edgeser.network.words import FrozenEncoder


_OWN, _TRUNK = "amplitude.", "words.encoder."
_NO_INT8 = "run 'edgeser export' on it first, or set [words] ranges = 'measured'"
_OF_TRUNK = (f"{_OWN}blocks.", f"{_OWN}dense.")
"""What the same layers are called in an encoder, and in what it is frozen in."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedEncoder:
    """An encoder's trunk, and the frontend that it was trained with, normalisation and all."""

    frozen: FrozenEncoder
    frontend: FrontendConfig

    def keep_normalisation(self, frontend: FrontendConfig) -> FrontendConfig:
        """Return `frontend` with the encoder's own normalisation of the planes that it hears.

        So the int8 that it hears are those that it was trained with, to the bit; the acoustic
        branch learns with them.
        """
        mine, its = frontend.normalisation, self.frontend.normalisation
        if mine is None or its is None:
            raise BadInput("the encoder or the recipe has no normalisation", hint="train it again")
        places = [
            self.frontend.planes.index(plane) if plane in self.frontend.planes else None
            for plane in frontend.planes
        ]
        multiplier, offset, shift = (
            tuple(
                getattr(mine, name)[row] if place is None else getattr(its, name)[place]
                for row, place in enumerate(places)
            )
            for name in ("multiplier", "offset", "shift")
        )
        return replace(frontend, normalisation=Normalisation(multiplier, offset, shift))


def with_encoder(recipe: Recipe) -> Recipe:
    """Return the recipe with what is known of the encoder that its ``[words]`` name.

    A recipe that names one hears words. Once the encoder is known, ``kind = "none"`` leaves it out,
    as a variant of a study may.

    Raises
    ------
    BadInput
        When it cannot be read, is another one than the recipe says or has another frontend.
    """
    words = recipe.words
    if words.encoder is None or (words.network is not None and not words.heard):
        return recipe
    return replace(recipe, words=replace(load_encoder(recipe).frozen.config, kind="frozen"))


def encoder_of(recipe: Recipe) -> LoadedEncoder | None:
    """Load the recipe's encoder; `None` where it hears no words."""
    if not recipe.words.heard:
        return None
    if recipe.words.encoder is None:
        raise BadInput(
            "this needs the encoder of [words]", hint="give --set words.encoder=PATH of its run"
        )
    return load_encoder(recipe)


def load_encoder(recipe: Recipe) -> LoadedEncoder:
    """Load what ``[words] encoder`` names; errors of `with_encoder`."""
    path = _archive(Path(str(recipe.words.encoder)))
    trained = load_trained(path)
    _require_frontend(recipe.frontend, trained.frontend, path)
    from edgeser.network.words import FrozenEncoder
    from edgeser.pipeline.inference import load_network

    config = _known(recipe.words, trained, path)
    trunk = load_network(trained).amplitude
    if trunk is None:
        raise BadInput(f"{path} has no trunk that hears the amplitude", hint="take another encoder")
    frozen = FrozenEncoder(config, dict(trunk.state_dict()))
    found = frozen.sha256
    if recipe.words.sha256 not in ("", found):
        raise BadInput(
            f"{path} is not the encoder of the recipe: its SHA-256 is {found[:16]}..., not "
            f"{recipe.words.sha256[:16]}...",
            hint="give the recipe's encoder, or set [words] sha256 = '' and train again",
        )
    config = replace(config, sha256=found, layer_ranges=_ranges(recipe.words, trained))
    return LoadedEncoder(FrozenEncoder(config, frozen.state), trained.frontend)


def refuse_wordless(recipe: Recipe, choices: Sequence[CorpusChoice]) -> None:
    """Refuse recordings in which nobody says a word where a network hears nothing but words.

    Raises
    ------
    BadInput
        Naming the corpus.
    """
    if not recipe.words.heard or recipe.words.branches != "words":
        return
    for choice in choices:
        if choice.read_by == SYNTHETIC:
            raise BadInput(
                f"the corpus {printable(choice.name)} has no words, and [words] branches = 'words' "
                "hears nothing else",
                hint="give a corpus of speech, or branches = 'both'",
            )


def _archive(path: Path) -> Path:
    if not path.is_dir():
        return path
    folder = RunFolder(path)
    return folder.trained if folder.trained.is_file() else folder.bundle


def _ranges(words: WordsConfig, trained: TrainedModel) -> dict[str, tuple[float, float]]:
    """Return the ranges of the trunk's layers in the encoder's int8 model, where they are asked."""
    if words.ranges != "encoder":
        return {}
    from quantize.convert.kept_ranges import activation_ranges

    path = _int8_beside(Path(str(words.encoder)))
    try:
        bundle = load_bundle(path)
    except BadInput as error:
        raise BadInput(
            f"[words] ranges = 'encoder', but {path} holds no int8 model: {error.message}",
            hint=_NO_INT8,
        ) from error
    if bundle.trained.weights != trained.weights:
        raise BadInput(
            f"the int8 model in {path} is of another training than the encoder",
            hint="export the encoder again: 'edgeser export RUN'",
        )
    found = activation_ranges(bundle.int8_model, bundle.layer_names)
    return {
        f"{_TRUNK}{layer.removeprefix(_OWN)}": ends
        for layer, ends in sorted(found.items())
        if layer.startswith(_OF_TRUNK)
    }


def _int8_beside(path: Path) -> Path:
    """Return the bundle that an encoder is, or that lies beside its ``trained.zip``."""
    bundle = RunFolder(path if path.is_dir() else path.parent).bundle
    if path.is_dir() or path.name == RunFolder(path.parent).trained.name:
        if not bundle.is_file():
            raise BadInput(
                f"[words] ranges = 'encoder', but the encoder {path} has no int8 model",
                hint=_NO_INT8,
            )
        return bundle
    return path


def _known(words: WordsConfig, trained: TrainedModel, path: Path) -> WordsConfig:
    recipe = trained.recipe
    if recipe.words.heard:
        raise BadInput(
            f"{path} hears words by an encoder itself", hint="give the encoder, not what it is in"
        )
    return replace(
        words,
        network=recipe.network,
        planes=trained.frontend.planes,
        frames=recipe.window.frames,
        frontend=trained.frontend.hash,
        derived_from="; ".join(trained.derived_from),
        credit=recipe.teacher.credit,
    )


def _require_frontend(mine: FrontendConfig, its: FrontendConfig, path: Path) -> None:
    """Refuse an encoder that hears what the recipe's frontend does not give it."""
    angles = set(its.planes) & set(ANGLE_PLANES)
    same = replace(
        mine,
        amplitude_delta=its.amplitude_delta,
        phase_planes=its.phase_planes,
        angle_weight=mine.angle_weight if angles else its.angle_weight,
        normalisation=None,
    )
    if same.raw_hash == its.raw_hash and set(its.planes) <= set(mine.planes):
        return
    differ = [
        name
        for name, value in its.to_dict().items()
        if name not in ("normalisation", "phase_planes", "amplitude_delta")
        and value != mine.to_dict().get(name, value)
    ]
    what = ", ".join(differ) or "planes"
    raise BadInput(
        f"the encoder {path} hears another frontend: its hash is {its.raw_hash[:16]}..., the "
        f"recipe's is {mine.raw_hash[:16]}... ({what} differ)",
        hint="give the recipe the [frontend] that the encoder was trained with",
    )
