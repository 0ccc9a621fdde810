"""`jupyter qwen doctor`: what is configured and where it comes from, what answers, what is missing. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qwen_magics import credentials, settings
from qwen_magics.commands import checks
from qwen_magics.commands.console import as_json, for_terminal, say
from qwen_magics.display.table import Column, Table
from qwen_magics.errors import QwenError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from qwen_magics.settings import Settings

HELP = """It sends one request, for the configured provider's list of models, with your key and nothing else; with
--all-regions one to each region of Alibaba Cloud; with --offline none. The exit code is 1 if something keeps %%qwen
from working."""
Report = dict[str, Any]


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--all-regions", action="store_true", help="ask each region of Alibaba Cloud for the key")
    asked.add_argument("--offline", action="store_true", help="ask nobody")
    parser.add_argument("--all", action="store_true", help="show settings that have their default, too")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: Namespace) -> int:
    """Look and tell."""
    report = examine(all_regions=args.all_regions, offline=args.offline)
    say(as_json(report)) if args.json else say(*_text(report, everything=args.all))
    return 1 if report["problems"] else 0


def examine(*, all_regions: bool = False, offline: bool = False) -> Report:
    """Everything that the doctor knows; `problems` are what keeps `%%qwen` from working."""
    report: Report = {"versions": checks.versions(), "network": checks.network(), "problems": []}
    report["labextension"] = checks.labextension()
    report["hints"] = settings.unknown_variables()
    try:
        configured = settings.load().with_options()
        chosen = credentials.placed(configured)
    except QwenError as error:
        report["problems"].append(str(error))
        return report
    report |= {
        "settings": checks.chosen(chosen),
        "keys": checks.keys(chosen),
        "data": checks.data(chosen),
        "local": checks.local_model(chosen),
        "answers": [],
    }
    if not offline:
        report["answers"] = _answers(chosen, all_regions=all_regions)
    report["problems"] += _problems(configured, report)
    report["hints"] += _hints(report)
    return report


def _answers(chosen: Settings, *, all_regions: bool) -> list[dict[str, Any]]:
    if all_regions and chosen.provider == "alibaba":
        return [checks.answer(chosen, region) for region in settings.REGIONS]
    if chosen.provider == "local":
        return []  # asking would start it; its state is told anyway
    return [checks.answer(chosen)]


def _problems(configured: Settings, report: Report) -> list[str]:
    found = []
    try:
        credentials.for_turn(configured)
    except QwenError as error:
        found.append(str(error))
    else:
        if not any(answer["ok"] for answer in report["answers"]):
            found += [answer["says"] for answer in report["answers"]]
    if configured.provider == "local" and report["local"]["problem"]:
        found.append(f"{report['local']['problem']}\n  jupyter qwen local fetch")
    data = report["data"]
    if not data["writable"]:
        found.append(f"{data['folder']} can't be written: no turn can be recorded.")
    if data["problem"]:
        found.append(data["problem"])
    return found


def _hints(report: Report) -> list[str]:
    if report["versions"]["jupyterlab"] and not report["labextension"]:
        return ["JupyterLab doesn't find the extension: receipts are shown as plain HTML."]
    return []


# --- for people -------------------------------------------------------------------------------------------------------


def _text(report: Report, *, everything: bool) -> list[str]:
    lines = [", ".join(f"{name} {number}" for name, number in report["versions"].items() if number)]
    if "settings" in report:
        lines += _section("Settings", _settings(report["settings"], everything=everything))
        lines += _section("Keys", _keys(report["keys"]))
        lines += _section("Answers (asked for the list of models; nothing else was sent)", _asked(report["answers"]))
        lines += _section("Data", _data(report))
    lines += _section("Network", [f"{name}  {value}" for name, value in report["network"].items()])
    lines += _section("JupyterLab extension", [report["labextension"] or "not found"])
    lines += _section("Look at", report["hints"])
    lines += _section("Problems", [for_terminal(text) for text in report["problems"]] or ["none"])
    return lines


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(f"  {line}" for text in lines for line in text.split("\n"))] if lines else []


def _settings(found: dict[str, dict[str, Any]], *, everything: bool) -> list[str]:
    always = ("provider", "region", "model")
    rows: list[tuple[str, ...]] = [
        (name, _shown(one["value"]), one["from"])
        for name, one in found.items()
        if everything or name in always or one["from"] != "default"
    ]
    return _table(("setting", "value", "from"), rows)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{amount} {currency}" for currency, amount in value.items()) or "off"
    return str(value) if value not in ("", None) else "-"


def _keys(found: dict[str, dict[str, str]]) -> list[str]:
    rows: list[tuple[str, ...]] = [
        (name, one["key"] or one["problem"], one["from"], one["region"]) for name, one in found.items()
    ]
    return _table(("provider", "key", "from", "region"), rows) if rows else ["none found"]


def _table(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return Table(columns=tuple(map(Column, names)), rows=tuple(rows)).plain().split("\n")


def _asked(answers: list[dict[str, Any]]) -> list[str]:
    return [
        f"{'yes' if one['ok'] else 'no '}  {one['where']}: {one['says']}"
        + (f" in {one['ms']:,} ms" if one["ms"] is not None else "")
        + (f"  ({one['asked']})" if one["asked"] else "")
        for one in answers
    ]


def _data(report: Report) -> list[str]:
    data, local = report["data"], report["local"]
    state = "can be written" if data["writable"] else "can't be written"
    ledger = f"{data['turns']:,} turns" if data["turns"] else "no turns yet"
    runs = f"runs, pid {local['pid']}" if local["running"] else "not running"
    return [
        f"folder       {data['folder']} ({state})",
        f"ledger       {data['ledger']} ({ledger})",
        f"local model  {local['weights'] or 'no weights here'} ({runs})",
    ]
