"""`jupyter qwen prices`: the catalogue's price rows, as they are used. Asks nobody, adds nothing up."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from qwen_magics import catalog, credentials, settings
from qwen_magics.commands.console import as_json, say
from qwen_magics.errors import UnknownModel

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from qwen_magics.catalog import PriceRow, Rates
    from qwen_magics.settings import Settings

HELP = """Per million tokens. All tokens of a request are billed at the tier that its whole input falls in; thinking
counts as output. List prices: free quota, promotions and tax are not in them. Your own rows: prices.toml in the data
folder (`jupyter qwen doctor` names it)."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("--model", metavar="NAME", help="one model only")
    parser.add_argument("--provider", choices=settings.PROVIDERS, help="default: the configured one")
    parser.add_argument("--region", choices=settings.REGIONS, help="default: the configured one")
    parser.add_argument("--json", action="store_true", help="for programs: every digit, source and date")


def run(args: Namespace) -> int:
    """Show the rows of one provider, region and currency."""
    chosen = credentials.placed(settings.load().with_options(provider=args.provider, region=args.region))
    catalog.load(chosen.data_dir)
    rows = _rows(chosen, args.model)
    if args.json:
        say(as_json([_plain(row) for row in rows]))
        return 0
    from qwen_magics.display import reports

    today = dt.datetime.now(dt.UTC).date()
    say(reports.prices(rows, _title(chosen, args.model), today).plain())
    return 0


def _rows(chosen: Settings, name: str | None) -> list[PriceRow]:
    provider = chosen.provider
    if name and catalog.find(name, provider) is None:
        raise catalog.unknown(name, provider)
    names = [name] if name else [model.id for model in catalog.offered(provider)]
    found = (catalog.price(model, provider, *catalog.price_list(chosen, model)) for model in names)
    rows = [row for row in found if row]
    if not rows:
        what = name or "models"
        scope, currency = catalog.price_list(chosen, name or "")
        raise UnknownModel(
            f"No prices are known of {provider}'s {what} in {scope or 'any scope'}, {currency}: unpriced."
        )
    return rows


def _title(chosen: Settings, name: str | None) -> str:
    scope, currency = catalog.price_list(chosen, name or "")
    where = f"{chosen.provider}, {chosen.region} ({scope})" if scope else chosen.provider
    return f"{where}: {currency} per million tokens."


def _plain(row: PriceRow) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in row.__struct_fields__}
    return plain | {"basis": row.basis, "tiers": [_tier(tier) for tier in row.tiers]}


def _tier(tier: Rates) -> dict[str, Any]:
    return {name: getattr(tier, name) for name in tier.__struct_fields__}
