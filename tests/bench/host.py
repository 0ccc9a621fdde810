"""Kernels that ask the fake provider, and the raw httpx that they are compared with in the same kernel."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bench.kernel import Kernel
from fakes.provider import Answer, FakeProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.provider import Seen

RAW_CLIENT = """import httpx, json as _json
_raw = httpx.Client(timeout=60)
def _read(body):
    text = []
    with _raw.stream("POST", URL, json=body, headers={"Authorization": "Bearer " + KEY}) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                choices = _json.loads(line[6:])["choices"]
                if choices:
                    text.append(choices[0]["delta"].get("content") or "")
    return text"""


class Provider(FakeProvider):
    """A fake that gives every question `answer` and knows when it came."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = Answer(text=("Yes.",))
        self.came: list[float] = []
        self.always = self._answer

    def _answer(self, seen: Seen) -> Answer:
        self.came.append(time.monotonic())
        return self.answer

    @property
    def last_body(self) -> dict[str, Any]:
        """The last question's request."""
        return self.questions[-1].body


@contextmanager
def hosting(notebook: dict[str, Any] | None = None) -> Iterator[tuple[Provider, Kernel]]:
    """A provider and a kernel that has not loaded the extension yet; `notebook` is the file that is open."""
    with TemporaryDirectory(prefix="qwen-magics-bench-") as name, Provider() as provider:
        folder = Path(name)
        file = folder / "notebook.ipynb"
        if notebook is not None:
            file.write_text(json.dumps(notebook), "utf-8")
        env = {
            "DASHSCOPE_API_KEY": "sk-" + "0" * 32,
            "QWEN_MAGICS_BASE_URL": provider.base_url,
            "QWEN_MAGICS_DATA_DIR": str(folder / "qwen"),
            "QWEN_MAGICS_GUARD_DAY": "1000 USD",
            "JPY_SESSION_NAME": str(file) if notebook is not None else "",
        }
        with Kernel(folder, env) as kernel:
            yield provider, kernel


def prepare_raw(kernel: Kernel, provider: Provider) -> None:
    """Define `_read(body)` in the kernel: httpx that only reads."""
    address = f"URL, KEY = {provider.base_url + '/chat/completions'!r}, {'sk-' + '0' * 32!r}"
    kernel.run(f"{address}\n{RAW_CLIENT}", "raw")
