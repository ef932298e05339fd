"""The device in a browser: one HTML file with the firmware in it, no network."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import jinja2
from markupsafe import Markup

from edgeser.bundle import Bundle, CorpusSummary
from edgeser.report.charts.images import ColourMap, palette
from edgeser.report.figures import number, percent
from edgeser.report.html import page
from edgeser.report.plane_names import PLANE_NAMES
from edgeser.wording import silence_has_label
from firmware_bridge.boards.web import driver_code
from firmware_bridge.certainty import ONE, Certainty
from quantize.foundation.foreign import printable
from quantize.foundation.measurement import Measurement

MOST_BYTES = 2_000_000
"""What a page of a model that ships may take."""
_PAGE_CODE = ("web_wav.js", "web_view.js", "web_hearing.js", "web_page.js")
_MOST_MINUTES = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WebDevice:
    """What a page is made of.

    Parameters
    ----------
    bundle
        The model with its frontend, labels and rule.
    program
        The firmware as WebAssembly.
    certainty
        What it decides with.
    sizes
        What it takes on a board, by name.
    further
        Scale and zero point of the model's second output, valence, arousal and dominance; `None`
        without one.
    dimensions
        What that output's values are called.
    """

    bundle: Bundle
    program: bytes
    certainty: Certainty
    sizes: Mapping[str, Measurement]
    further: tuple[float, int] | None = None
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Size:
    name: str
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class _Plane:
    name: str
    title: str
    palette: str


def render_web_page(device: WebDevice) -> str:
    """Return the page."""
    trained = device.bundle.trained
    config, window, words = trained.frontend, trained.recipe.window, trained.corpus.words
    page_code = '"use strict";\n' + driver_code() + "\n" + "\n".join(map(_code, _PAGE_CODE))
    sound_code = _code("web_sound.js")
    return page("web.html.j2").render(
        name=trained.recipe.name,
        model=words.model,
        synthetic=trained.corpus.synthetic,
        limits=_limits(trained.corpus),
        law=words.law,
        rule=_rule(device),
        planes=_planes(device.bundle),
        channels=config.channels,
        low_hz=number(config.lower_hz, ""),
        high_hz=number(config.upper_hz, ""),
        hop_ms=number(1000.0 * config.hop_samples / config.sample_rate, ""),
        rate=f"{config.sample_rate:,}",
        most_minutes=_MOST_MINUTES,
        sizes=[_Size(name, measurement) for name, measurement in device.sizes.items()],
        model_hash=device.bundle.model_hash,
        frontend_hash=config.hash,
        program_hash=_sha256(device.program),
        corpus=trained.corpus.name,
        licence=trained.corpus.licence,
        version=version("edgeser"),
        facts=_facts(device, window.frames),
        program=base64.b64encode(device.program).decode("ascii"),
        worklet_code=Markup(_code("web_worklet.js")),  # noqa: S704  files of the package
        sound_code=Markup(sound_code),  # noqa: S704
        page_code=Markup(page_code),  # noqa: S704
        script_hashes=[_source_hash(code) for code in (sound_code, page_code)],
    )


def _facts(device: WebDevice, window_frames: int) -> dict[str, Any]:
    """Return what the script knows of the model, in JSON; text that is not ours made printable."""
    trained = device.bundle.trained
    config, window = trained.frontend, trained.recipe.window
    maps = (ColourMap.SEQUENTIAL, ColourMap.DIVERGING, ColourMap.CYCLIC)
    further = device.further
    return {
        "classes": [printable(name) for name in trained.classes],
        "planes": [{"name": p.name, "palette": p.palette} for p in _planes(device.bundle)],
        "palettes": {colours.value: palette(colours).tobytes().hex() for colours in maps},
        "channels": config.channels,
        "sampleRate": config.sample_rate,
        "hopSamples": config.hop_samples,
        "windowSamples": config.window_samples,
        "windowFrames": window_frames,
        "windowSeconds": config.samples_of(window_frames) / config.sample_rate,
        "hopFrames": window.hop_frames,
        "smoothing": window.smoothing,
        "multiplier": device.certainty.multiplier,
        "silenceHasLabel": silence_has_label(trained.corpus.words, trained.classes),
        "hashes": {
            "model_sha256": device.bundle.model_hash,
            "frontend_hash": config.hash,
            "program_sha256": _sha256(device.program),
        },
        "vad": None
        if further is None
        else {"names": device.dimensions, "scale": further[0], "zeroPoint": further[1]},
    }


def _planes(bundle: Bundle) -> list[_Plane]:
    return [
        _Plane(name, PLANE_NAMES.get(name, name), _colours(name).value)
        for name in bundle.trained.frontend.planes
    ]


def _colours(plane: str) -> ColourMap:
    if plane == "amplitude" or plane.endswith("_mod"):
        return ColourMap.SEQUENTIAL
    return ColourMap.CYCLIC if plane.endswith("_angle") else ColourMap.DIVERGING


def _rule(device: WebDevice) -> str:
    """Say in words how decisions fall."""
    trained = device.bundle.trained
    config, window = trained.frontend, trained.recipe.window
    first = config.samples_of(window.frames) / config.sample_rate
    again = window.hop_frames * config.hop_samples / config.sample_rate
    text = (
        f"The first after {first:.2f} s, then one every {again:.2f} s, each on the sum of the last "
        f"{window.smoothing} inferences."
    )
    if device.certainty.unsure_below:
        least = percent(device.certainty.unsure_below / ONE)
        return f"{text} Below a probability of {least} it says unsure."
    return f'{text} It never says "unsure": export it with --risk or --coverage to have it say so.'


def _limits(corpus: CorpusSummary) -> str:
    """Return what a model card warns of; of synthetic voices without what it was trained on."""
    text = corpus.words.card.format(corpus=corpus.name).replace("*", "")
    return text.partition(". ")[2] if corpus.synthetic else text


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _source_hash(code: str) -> Markup:
    """Return how a content security policy names a script that may run."""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode("ascii")
    return Markup(f"'sha256-{digest}'")  # noqa: S704  base64


@functools.cache
def _code(name: str) -> str:
    """Return a script of ours as it stands."""
    loader = jinja2.PackageLoader("edgeser.report", "templates")
    return loader.get_source(jinja2.Environment(autoescape=True), name)[0]
