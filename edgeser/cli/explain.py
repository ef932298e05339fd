"""`edgeser explain`: what a bundle's int8 model listened to."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import bundle_argument, corpus_option
from edgeser.cli.output import Output, common_options
from edgeser.cli.suits import is_given, refuse_beside

if TYPE_CHECKING:
    from edgeser.bundle import Bundle
    from edgeser.corpora import Utterance
    from edgeser.explanation.config import Occlusion, Plan
    from edgeser.explanation.explanation import Explanation
    from edgeser.explanation.finding_records import Finding
    from edgeser.pipeline.explanation.corpus import References
    from edgeser.pipeline.explanation.explainer import Unexplained

_SIZE = re.compile(r"([1-9]\d{0,3})x([1-9]\d{0,3})", re.ASCII)


class _Size(click.ParamType[tuple[int, int]]):
    """Channels and frames, as CHANNELSxFRAMES."""

    name = "CHANNELSxFRAMES"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return both numbers."""
        if isinstance(value, tuple):
            return value
        found = _SIZE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not CHANNELSxFRAMES, such as 1x10", param, ctx)
        return int(found[1]), int(found[2])


@click.command("explain")
@bundle_argument
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@corpus_option
@click.option(
    "--out",
    default="explained",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the pages and of explained.json.",
)
@click.option("--patch", type=_Size(), default=(1, 10), help="What is hidden at once; 1x10.")
@click.option("--stride", type=_Size(), default=(1, 3), help="From one patch to the next; 1x3.")
@click.option(
    "--fill",
    type=click.Choice(["mean", "zero"]),
    default="mean",
    show_default=True,
    help="What hides it: the clip's mean of that channel, or the training's.",
)
@click.option("--coarse", is_flag=True, help="Patches of 4x15 every 4x6: an eighth of the work.")
@click.option(
    "--clips", type=click.IntRange(1), help="Of the corpus so many clips, spread over it."
)
@click.option("--no-checks", is_flag=True, help="Do not say what the maps are worth.")
@click.option("--no-cues", is_flag=True, help="Do not look at the cues that experts hear.")
@common_options
def command(
    bundle: Path,
    files: tuple[Path, ...],
    corpora: tuple[str, ...],
    out: Path,
    clips: int | None,
    output: Output,
    **chosen: Any,
) -> int:
    """Say what the int8 model of a BUNDLE (or the folder of a run) listened to in FILES.

    Patches of its features are hidden one at a time, in the arithmetic of the device: the more the
    odds of the answer fall, the more it rests on that patch. With --corpus and no FILES all clips
    of the test speakers are explained, with one page for all; with both, the cues in FILES are held
    to that corpus too.
    """
    from edgeser.cli.places import open_bundle

    if not files and not corpora:
        raise click.UsageError("give FILES, or --corpus for all test clips")
    if files and clips is not None:
        raise click.UsageError("--clips is for --corpus without FILES")
    refuse_beside("coarse", "patch", "stride", why="sets the patches")
    plan = _plan(**chosen)
    loaded = open_bundle(bundle)
    work = _Work(loaded, plan, out, output)
    if files:
        return work.explain_files(files, corpora)
    return work.explain_corpus(bundle, corpora, clips)


def _plan(
    *,
    patch: tuple[int, int],
    stride: tuple[int, int],
    fill: str,
    coarse: bool,
    no_checks: bool,
    no_cues: bool,
) -> Plan:
    from edgeser.explanation.config import Plan

    occlusion = _occlusion(patch, stride, fill, coarse=coarse)
    return Plan(occlusion=occlusion, checks=not no_checks, cues=not no_cues)


def _occlusion(
    patch: tuple[int, int], stride: tuple[int, int], fill: str, *, coarse: bool
) -> Occlusion:
    from dataclasses import replace

    from edgeser.explanation.config import COARSE, Fill, Occlusion

    if coarse:
        return replace(COARSE, fill=Fill(fill))
    if is_given("patch") and not is_given("stride"):  # no gaps, whatever the patch
        stride = patch[0], min(stride[1], patch[1])
    return Occlusion(
        channels=patch[0],
        frames=patch[1],
        channel_stride=stride[0],
        frame_stride=stride[1],
        fill=Fill(fill),
    )


class _Work:
    """Explains, writes pages as it goes, and shows what was found."""

    def __init__(self, bundle: Bundle, plan: Plan, out: Path, output: Output) -> None:
        from quantize.foundation.files import require_writable

        require_writable(out / "explained.json")
        self._bundle, self._plan = bundle, plan
        self._out, self._output = out, output
        self._found: list[Explanation] = []
        self._pages: list[str] = []
        self._problems: list[str] = []
        if bundle.trained.corpus.synthetic:
            output.note("This model was trained on synthetic voices; on people it means nothing.")

    def explain_files(self, files: Sequence[Path], corpora: Sequence[str]) -> int:
        """Explain recordings, their cues held to a corpus where one is given."""
        from edgeser.cli.places import build_cache
        from edgeser.pipeline.explanation.explainer import explain_files
        from edgeser.report.explanation.clip import page_names, sentence

        against = {}
        if corpora:
            references = self._references(self._utterances(corpora, None, None))
            against = {} if references is None else {"corpus": references.corpus}
        items = explain_files(
            self._bundle,
            files,
            self._plan,
            against=against,
            builds=build_cache(),
            reporter=self._output,
        )
        for item in self._written(items, page_names(files), self._out):
            self._output.show(sentence(item))
        return self._finished(None)

    def explain_corpus(self, path: Path, corpora: Sequence[str], clips: int | None) -> int:
        """Explain the clips of the test speakers, and write a page of what they say together."""
        from edgeser.cli.places import build_cache
        from edgeser.pipeline.explanation.corpus import explain_clips
        from edgeser.report.explanation.clip import page_names
        from quantize.foundation.errors import EdgeserError

        utterances = self._utterances(corpora, path, clips)
        references = self._references(utterances)
        items = explain_clips(
            self._bundle,
            utterances,
            self._plan,
            references=references,
            builds=build_cache(),
            reporter=self._output,
        )
        names = page_names([utterance.clip_id for utterance in utterances])
        try:
            for _ in self._written(items, names, self._out / "clips"):
                pass
        except (EdgeserError, KeyboardInterrupt):
            done = len(self._found)
            self._problems.append(f"it ended after {done} of {len(utterances)} clips")
            self._told_together(utterances)
            raise
        return self._told_together(utterances)

    def _told_together(self, utterances: Sequence[Utterance]) -> int:
        """Write the page of what the clips that were explained say together."""
        from edgeser.explanation.finding import finding_of
        from edgeser.report.explanation.corpus import render_corpus
        from edgeser.report.explanation.sentences import corpus_sentences
        from quantize.foundation.files import write_atomically

        if not self._found:
            return self._finished(None)
        finding = finding_of(self._found, self._bundle.trained.classes)
        title = ", ".join(dict.fromkeys(u.corpus for u in utterances))
        html = render_corpus(title, finding, self._found, self._pages, self._problems)
        write_atomically(self._out / "corpus.html", html.encode())
        for line in corpus_sentences(finding):
            self._output.show(line)
        return self._finished(finding)

    def _utterances(
        self, corpora: Sequence[str], path: Path | None, clips: int | None
    ) -> tuple[Utterance, ...]:
        from edgeser.cli.places import run_folder_of
        from edgeser.pipeline.explanation.corpus import clips_of_test_speakers

        return clips_of_test_speakers(
            self._bundle,
            corpora=corpora,
            folder=None if path is None else run_folder_of(path),
            clips=clips,
            reporter=self._output,
        )

    def _references(self, utterances: Sequence[Utterance]) -> References | None:
        from edgeser.pipeline.explanation.corpus import references_of
        from edgeser.pipeline.explanation.explainer import with_cues_at_hand

        self._plan = with_cues_at_hand(self._plan, self._output)
        if not self._plan.cues:
            return None
        rate = self._bundle.trained.frontend.sample_rate
        return references_of(utterances, sample_rate=rate, reporter=self._output)

    def _written(
        self,
        items: Iterator[Explanation | Unexplained],
        names: Sequence[str],
        folder: Path,
    ) -> Iterator[Explanation]:
        """Write each page as soon as it is there; tell what cannot be explained."""
        from edgeser.explanation.explanation import Explanation
        from edgeser.report.schemas.explained import write_clip

        for name, item in zip(names, items, strict=True):
            if not isinstance(item, Explanation):
                self._problems.append(item.problem)
                self._output.problem(item.problem)
                continue
            write_clip(folder, name, item)
            self._found.append(item.lean)
            self._pages.append(name)
            yield item

    def _finished(self, finding: Finding | None) -> int:
        from edgeser.report.schemas.explained import explained_json
        from edgeser.report.schemas.form import dump_json
        from quantize.foundation.errors import BadInput
        from quantize.foundation.files import write_atomically

        result = explained_json(
            self._bundle.model_hash, self._found, self._pages, self._problems, finding=finding
        )
        if self._found:
            write_atomically(self._out / "explained.json", dump_json(result).encode())
        if self._output.json:
            self._output.result(result)
        elif self._found:
            self._output.show(f"wrote {shlex.quote(str(self._out))}")
        return BadInput.exit_code if self._problems else 0
