"""Prints what the doctor found."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from syrinx.app.doctor import examine
from syrinx.app.findings import Finding, Verdict
from syrinx.app.house import open_house
from syrinx.app.settings import Settings
from syrinx.errors import SyrinxError

_SIGNS: dict[Verdict, str] = {"works": "[green]works[/]", "missing": "[red]missing[/]", "attention": "[yellow]note[/]"}


class NotWell(SyrinxError):
    """Something in use is missing."""

    code = "not_well"


async def report(settings: Settings, *, console: Console) -> None:
    """Raises NotWell when an engine that is in use cannot be."""
    async with open_house(settings, serving=False) as house:
        findings = await examine(house)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for column in ("verdict", "what", "says"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        name = f"[bold]{escape(finding.what)}[/] (in use)" if finding.in_use else escape(finding.what)
        table.add_row(_SIGNS[finding.verdict], name, _explained(finding))
    console.print(table)
    ill = [finding.what for finding in findings if finding.in_use and finding.verdict == "missing"]
    if ill:
        raise NotWell(f"in use, and missing: {', '.join(ill)}")


def _explained(finding: Finding) -> str:
    says = escape(finding.says)
    return f"{says}\n[cyan]{escape(finding.remedy)}[/]" if finding.remedy else says
