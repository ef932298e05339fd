"""A page of the firmware in a browser: what it is given, and what it says of that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.pipeline.stream import streaming_classifier
from tests.end_to_end.chromium import Page

RATE = 16_000


@dataclass(frozen=True)
class Exported:
    """A page, and the bundle that it is of."""

    bundle: Bundle
    path: Path


def opened(browser: Page, page: Path) -> Page:
    browser.open(page)
    browser.until("document.body.dataset.ready === 'yes'")
    return browser


def hear(page: Page, path: Path) -> str:
    """Give a file to the page; return what it says once it is done."""
    count = page.evaluate("Number(document.body.dataset.done ?? 0)")
    page.choose("#file", [path])
    page.until(f"Number(document.body.dataset.done) > {count} || $('problem').textContent !== ''")
    return str(page.evaluate("`${$('status').textContent} ${$('problem').textContent}`"))


def rows_of(page: Page) -> NDArray[np.int8]:
    data = page.bytes_of("Int8Array.from(hearing.rows.flatMap((row) => [...row]))")
    return np.frombuffer(data, np.int8)


def decisions_of(page: Page) -> list[dict[str, Any]]:
    found = json.loads(page.evaluate("JSON.stringify(hearing.toJson())"))
    assert found["schema"] == "edgeser.web-heard/1"
    decisions: list[dict[str, Any]] = found["decisions"]
    return decisions


def check_decisions(
    found: list[dict[str, Any]], loaded: Bundle, samples: NDArray[np.int16]
) -> None:
    """Hold a page's decisions to those of the host on the same samples, to the bit."""
    wanted = streaming_classifier(loaded).push(samples)
    assert [d["logits"] for d in found] == [[*d.logits, *d.further] for d in wanted]
    assert [d["sums"] for d in found] == [[*d.sums, *d.further_sums] for d in wanted]
    assert [d["probability_q15"] for d in found] == [d.probability for d in wanted]
    assert [d["label"] for d in found] == [loaded.trained.classes[d.label] for d in wanted]
    assert [d["unsure"] for d in found] == [d.unsure for d in wanted]
