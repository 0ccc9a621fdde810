"""Every route of the sidebar, in one list: which path goes to which handler. A test walks over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.server.chat import ChatHandler, TurnHandler
from qwen_magics.server.estimate import EstimateHandler, NotebookHandler
from qwen_magics.server.models import ModelsHandler
from qwen_magics.server.sent import RequestHandler
from qwen_magics.server.settings import SettingsHandler
from qwen_magics.server.status import StatusHandler, TestHandler
from qwen_magics.server.threads.routes import (
    RestoreHandler,
    ThreadExportHandler,
    ThreadHandler,
    ThreadImportHandler,
    ThreadsHandler,
)
from qwen_magics.server.usage import BudgetsHandler, ExportHandler, UsageHandler

if TYPE_CHECKING:
    from qwen_magics.server.handler import Handler

TURN = r"(?P<turn>[0-9a-f]{32})"
THREAD = r"(?P<thread>[0-9a-f]{32})"

ROUTES: list[tuple[str, type[Handler]]] = [
    ("notebook", NotebookHandler),
    ("estimate", EstimateHandler),
    ("request", RequestHandler),
    ("chat", ChatHandler),
    (f"chat/{TURN}", TurnHandler),
    ("threads", ThreadsHandler),
    (f"threads/{THREAD}", ThreadHandler),
    (f"threads/{THREAD}/restore", RestoreHandler),
    (f"threads/{THREAD}/export", ThreadExportHandler),
    ("threads/import", ThreadImportHandler),
    ("models", ModelsHandler),
    ("settings", SettingsHandler),
    ("status", StatusHandler),
    ("test", TestHandler),
    ("usage", UsageHandler),
    ("usage/export", ExportHandler),
    ("budgets", BudgetsHandler),
]
