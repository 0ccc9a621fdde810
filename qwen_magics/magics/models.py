"""`%qwen_models`: which models there are, what they can do, what they cost. Asks nobody."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from qwen_magics import catalog, credentials
from qwen_magics.display import reports
from qwen_magics.magics import report
from qwen_magics.magics.arguments import Parser

if TYPE_CHECKING:
    from qwen_magics.magics.session import Session


def models(session: Session, line: str) -> None:
    """All models of a provider, or one with its prices."""
    parser = Parser("%qwen_models")
    parser.add_argument("name", nargs="?")
    parser.add_argument("-p", "--provider")
    asked = parser.read(line)
    settings = credentials.placed(session.settings(provider=asked.provider))
    catalog.load(settings.data_dir)
    provider = settings.provider
    known = catalog.offered(provider)
    if asked.name:
        model = catalog.find(asked.name, provider)
        if model is None:
            raise catalog.unknown(asked.name, provider)
        known = [model]
    scope, currency = catalog.price_list(settings, asked.name or "")
    found = (catalog.price(model.id, provider, *catalog.price_list(settings, model.id)) for model in known)
    rows = [row for row in found if row]
    where = f"{provider}, {settings.region} ({scope})" if provider == "alibaba" else provider
    parts = [reports.models(known, f"What {where} offers, as far as the catalogue knows.")]
    if rows:
        today = dt.datetime.now(dt.UTC).date()
        parts.append(reports.prices(rows, f"{currency} per million tokens.", today))
    report.show(session.shell, *parts)
