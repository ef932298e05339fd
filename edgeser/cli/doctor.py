"""`edgeser doctor`: what is installed and what is missing."""

from __future__ import annotations

import click

from edgeser.cli.output import Output, common_options
from quantize.foundation.errors import ToolMissing


@click.command("doctor")
@common_options
def command(output: Output) -> int:
    """Say what is installed, which versions, what is missing and how to get it.

    Exit code 3 when something required is missing.
    """
    from edgeser.diagnosis import Status, diagnose, is_healthy, to_json

    findings = diagnose()
    if output.json:
        output.result(to_json(findings))
    else:
        from rich.text import Text

        from edgeser.report.titled import plain_table

        styles = {Status.OK: "green", Status.OPTIONAL: "yellow"}
        table = plain_table()
        for column in ("what", "state", "version or place"):
            table.add_column(column, overflow="fold")
        for finding in findings:
            style = styles.get(finding.status, "bold red")
            state = Text(finding.status.value, style)
            table.add_row(finding.name, state, finding.version)
        output.show(table)
        # Packages of an extra come with one command: it is said once, of the extra.
        for finding in {each.advice: each for each in findings if each.advice}.values():
            output.show(f"{finding.name} (for {finding.needed_for}): {finding.advice}")
    return 0 if is_healthy(findings) else ToolMissing.exit_code
