"""What providers and Alibaba Cloud's regions are called: in settings, and for people. The one list of each.

`labextension/src/receipt/details.ts` says the same in the browser; `tests/fixtures/receipts.json` holds both.
"""

from __future__ import annotations

PROVIDERS = {
    "alibaba": "Alibaba Cloud",
    "openrouter": "OpenRouter",
    "huggingface": "Hugging Face",
    "modelscope": "ModelScope",
    "openai": "an OpenAI-compatible server",
    "local": "this machine",
}
REGIONS = {
    "singapore": "Singapore",
    "beijing": "Beijing",
    "virginia": "Virginia",
    "hongkong": "Hong Kong",
    "frankfurt": "Frankfurt",
    "tokyo": "Tokyo",
}
