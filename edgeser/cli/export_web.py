"""`edgeser export --target web`: the firmware in a browser."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.cli.output import Output
from quantize.foundation.errors import BadInput

if TYPE_CHECKING:
    from edgeser.decision import DecisionConfig

DEFAULT_PAGE = Path("page.html")


def export_page(
    source: Path, *, out: Path | None, wanted: DecisionConfig | None, output: Output
) -> None:
    """Write the page, and say what is in it."""
    from edgeser.cli.model_file import open_model, read_and_tell
    from edgeser.cli.places import build_cache
    from edgeser.pipeline.exports.web import export_web
    from edgeser.report.figures import size
    from edgeser.report.schemas.exports import export_web_json
    from edgeser.report.web_page import MOST_BYTES

    data, bundle = open_model(source, wanted)
    if bundle is None:
        raise BadInput(
            f"{source} is a model alone: a page takes sound, and no frontend is known for it",
            hint="give a bundle, or the folder of a run",
        )
    read_and_tell(data, name=str(source), output=output)
    done = export_web(bundle, out or DEFAULT_PAGE, builds=build_cache(), reporter=output)
    if done.page_bytes > MOST_BYTES:
        output.note(f"the page is {size(done.page_bytes)}: some mail servers refuse so much")
    if output.json:
        facts = dataclasses.asdict(done)
        output.result(export_web_json(facts.pop("path"), facts))
        return
    output.show(
        f"{done.path}: {size(done.page_bytes)}, of it {size(done.program_bytes)} of firmware in "
        f"WebAssembly; needs no network\nnext: open it in a browser"
    )
