"""The group of commands, loaded one by one, and the one place where errors become exit codes."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.output import message_line, tell
from edgeser.cli.signals import Terminated, unwind_when_ended
from quantize.foundation.ending import end_without_collecting
from quantize.foundation.errors import EdgeserError
from quantize.foundation.extras import as_tool_missing
from quantize.foundation.files import file_error

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS = {
    "run": "Run the whole pipeline: corpus, training, int8, parity, benchmark, report.",
    "train": "Train a network on a corpus.",
    "export": "Turn a trained network into a model for a device.",
    "parity": "Hold int8 against float, and host features against MicroFrontend.",
    "accept": "Say whether what reaches a device's frontend is as it should be.",
    "bench": "Measure latency and memory of a model.",
    "compare-bench": "Hold a benchmark against a baseline, with limits for CI.",
    "report": "Write the report of a run as HTML, Markdown or JSON.",
    "evaluate": "Measure a bundle on a corpus, clean and under conditions.",
    "compare": "Compare trainings, seed by seed, on the same test speakers.",
    "study": "Do many trainings and make one table of them.",
    "predict": "Label recordings with a bundle.",
    "explain": "Say what a bundle listened to in recordings, and what that is worth.",
    "features": "Compute features of recordings.",
    "calibrate": "Choose balanced calibration clips from a corpus.",
    "corpus": "List corpora, and check one.",
    "rerecord": "Play a corpus to a microphone, and cut what it recorded.",
    "inspect": "Show what is inside a .tflite model.",
    "lint": "Say which operators of a model run on the Edge TPU, and why others do not.",
    "estimate": "Predict what a model costs on the Edge TPU.",
    "models": "List the models that ship with edgeser.",
    "reference": "Print the reference: commands, keys of a recipe, C API.",
    "doctor": "Say what is installed and what is missing.",
}
INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command's module when it is used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the pipeline, not of the alphabet."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; where names are completed a stub with the summary does."""
        if cmd_name not in _COMMANDS:
            return None
        if ctx.meta.get("edgeser.listing"):
            return click.Command(cmd_name, short_help=_COMMANDS[cmd_name])
        module = importlib.import_module(f"edgeser.cli.{cmd_name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)  # noqa: S101  a programming error
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when one is unknown."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from edgeser.typed_tables import nearest

            ctx.fail(f"No such command '{args[0]}'{nearest(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader of stdout that leaves early is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without importing the commands."""
        ctx.meta["edgeser.listing"] = True
        return super().shell_complete(ctx, incomplete)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="edgeser", prog_name="edgeser")
def group() -> None:
    """Turn recordings into a speech-emotion model on a device.

    Start with 'edgeser lint MODEL.tflite' or, with all extras, 'edgeser run demo'. Exit codes: 0
    ok; 1 a check failed; 2 usage or bad input; 3 a tool or device is missing; 4 internal error; 130
    interrupted; 143 and 129 ended by SIGTERM and SIGHUP. Add --debug to any command for a
    traceback.
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code that fits."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    unwind_when_ended()
    end_without_collecting()
    code = _run(arguments)
    # Whatever a stream could not take was told of already; nothing may be said at the exit.
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        outcome = group.main(args=arguments, prog_name="edgeser", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt, Terminated) as error:
        if "--debug" in arguments and not isinstance(error, click.ClickException):
            traceback.print_exc()
        return _exit_code(error)
    return outcome if isinstance(outcome, int) else 0


def _exit_code(error: BaseException) -> int:
    """Tell the user in one line what happened, and return the exit code that fits."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            _show_usage(error)
            return error.exit_code
        case Terminated():
            _tell(f"ended by {signal.Signals(error.number).name}", "")
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            tell("edgeser: interrupted\n")
            return INTERRUPTED
        case EdgeserError():
            _tell(error.message, error.hint)
            return error.exit_code
        case ModuleNotFoundError() if missing := as_tool_missing(error):
            _tell(missing.message, missing.hint)
            return missing.exit_code
        case BrokenPipeError():
            return 0
        case OSError():
            place = error.filename or "the output"
            told = file_error(error, Path(os.fsdecode(place)), "use" if error.filename else "write")
            _tell(told.message, told.hint)
            return told.exit_code
    summary = str(error).partition("\n")[0]
    _tell(f"internal error: {type(error).__name__}: {summary}", "run again with --debug")
    return EdgeserError.exit_code


def _show_usage(error: click.ClickException) -> None:
    """Show what click says of wrong usage; what it quotes of the arguments may be anything."""
    shown = io.StringIO()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show(shown)
    else:
        context = getattr(error, "ctx", None)
        click.UsageError(message_line(error.format_message()), ctx=context).show(shown)
    tell(shown.getvalue())


def _tell(message: str, hint: str) -> None:
    line = f"edgeser: {message}" + (f"; {hint}" if hint else "")
    tell(message_line(line) + "\n")
