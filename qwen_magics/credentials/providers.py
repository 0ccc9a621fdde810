"""Which provider's key stands in which variable, and how its keys begin (facts 1.2, 3.3, 3.4)."""

from __future__ import annotations

VARIABLES = {
    "alibaba": "DASHSCOPE_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "huggingface": "HF_TOKEN",
    "modelscope": "MODELSCOPE_API_KEY",
    "openai": "OPENAI_API_KEY",
}
PLAN_PREFIX = "sk-sp-"  # Alibaba Cloud's coding and token plans: other hosts, no price per token
OWNERS = {"sk-or-": "openrouter", "hf_": "huggingface"}  # beginnings that only one provider's keys have
PREFIXES = (PLAN_PREFIX, *OWNERS, "sk-", "ms-")  # what a mask may show of a key's beginning
