"""What keys and tokens look like by themselves: the well-known shapes, each with the sign that gives it away.

Data for `redact`. The formats are the providers' own, compared with the rules of gitleaks and detect-secrets, which
tests hold them against. Not here: secrets that only their place or their name betrays.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

# Not within a longer word; but an escaped line break or a percent-encoded character before it is no part of a word.
_LEFT = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbfv])|(?<=%[0-9A-Fa-f]{2}))"
_RIGHT = r"(?![A-Za-z0-9])"
_HEX32 = r"[0-9a-fA-F]{32}"

# kind, the signs that such a secret begins with, what follows them
_BEGINNINGS = [
    ("Anthropic key", "sk-ant-", r"[\w-]{16,}"),
    ("OpenRouter key", "sk-or-", r"[\w-]{16,}"),
    ("DashScope plan key", "sk-sp-", r"[\w-]{16,}"),
    ("OpenAI key", "sk-proj- sk-svcacct- sk-admin- sk-None-", r"[\w-]{16,}"),
    ("DashScope key", "sk-", rf"{_HEX32}{_RIGHT}"),
    ("API key", "sk-", r"(?:[a-z][a-z0-9]{0,11}-){0,2}[A-Za-z0-9]{20,}[\w-]*"),
    ("Hugging Face token", "hf_", r"[A-Za-z0-9]{30,}"),
    ("Hugging Face token", "api_org_", r"[A-Za-z0-9]{30,}"),
    ("ModelScope token", "ms-", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("Google key", "AIza", r"[\w-]{35,}"),
    ("Google token", "ya29.", r"[\w.-]{20,}"),
    ("Google client secret", "GOCSPX-", r"[\w-]{24,}"),
    ("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9_]{30,}"),
    ("GitHub token", "github_pat_", r"\w{22,}"),
    ("GitLab token", "glpat- gldt- glrt- glft- glsoat- glffct- glimt- glptt- glcbt- gloas- glagent-", r"[\w.-]{20,}"),
    ("GitLab token", "GR1348941", r"[\w-]{20,}"),
    ("Slack token", "xoxb- xoxp- xoxa- xoxo- xoxr- xoxs- xoxe- xoxe. xoxc- xoxd- xapp-", r"[\w.%-]{10,}"),
    ("Stripe key", "sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_", r"[A-Za-z0-9]{10,}"),
    ("webhook secret", "whsec_", r"[A-Za-z0-9+/=]{24,}"),
    ("AWS access key", "AKIA ASIA ABIA ACCA", rf"[A-Z0-9]{{16}}{_RIGHT}"),
    ("AWS access key", "A3T", rf"[A-Z0-9]{{17}}{_RIGHT}"),
    ("AWS Bedrock key", "ABSK", r"[A-Za-z0-9+/]{100,}={0,2}"),
    ("Alibaba access key", "LTAI", rf"[A-Za-z0-9]{{12,26}}{_RIGHT}"),
    ("Alibaba token", "STS.", r"[A-Za-z0-9]{20,}"),
    ("Databricks token", "dapi", rf"{_HEX32}(?:-\d)?{_RIGHT}"),
    ("npm token", "npm_", r"[A-Za-z0-9]{36,}"),
    ("PyPI token", "pypi-", r"[\w-]{70,}"),
    ("SendGrid key", "SG.", r"[\w-]{16,32}\.[\w-]{16,64}"),
    ("Twilio key", "AC SK", rf"{_HEX32}{_RIGHT}"),
    ("JSON web token", "eyJ", r"[\w=-]{8,}\.[\w=-]{4,}(?:\.[\w=+/-]*)+"),
    ("Groq key", "gsk_", r"[A-Za-z0-9]{40,}"),
    ("xAI key", "xai-", r"[A-Za-z0-9]{60,}"),
    ("Perplexity key", "pplx-", r"[A-Za-z0-9]{40,}"),
    ("Nvidia key", "nvapi-", r"[\w-]{40,}"),
    ("Replicate token", "r8_", r"[A-Za-z0-9]{30,}"),
    ("Tavily key", "tvly-", r"[\w-]{24,}"),
    ("LangSmith key", "lsv2_", r"[A-Za-z0-9_]{32,}"),
    ("Pinecone key", "pcsk_", r"[A-Za-z0-9_]{40,}"),
    ("Docker token", "dckr_pat_ dckr_oat_", r"[\w-]{20,}"),
    ("DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", r"[0-9a-f]{40,}"),
    ("Shopify token", "shpat_ shpca_ shppa_ shpss_", _HEX32),
    ("Square token", "sq0atp- sq0csp- sq0idp-", r"[\w-]{22,}"),
    ("Heroku key", "HRKU-", r"[\w-]{36,}"),
    ("Grafana token", "glsa_ glc_", r"[A-Za-z0-9_+/=]{32,}"),
    ("Vault token", "hvs. hvb. hvr.", r"[\w-]{24,}"),
    ("Artifactory token", "AKCp cmVmdGtu", r"[A-Za-z0-9]{40,}"),
    ("Postman key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    ("New Relic key", "NRAK-", r"[A-Z0-9]{27}"),
    ("Sentry token", "sntrys_ sntryu_", r"[\w+/=]{32,}"),
    ("Linear key", "lin_api_ lin_oauth_", r"[A-Za-z0-9]{32,}"),
    ("Notion token", "ntn_", r"[A-Za-z0-9]{40,}"),
    ("Atlassian token", "ATATT3 ATCTT3", r"[\w=-]{60,}"),
    ("RubyGems key", "rubygems_", r"[0-9a-f]{48}"),
    ("Supabase key", "sbp_ sb_secret_", r"[\w-]{20,}"),
    ("Doppler token", "dp.pt. dp.st. dp.sa.", r"[\w.-]{40,}"),
    ("age key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{50,}"),
]

# kind, a sign somewhere in it (a pattern that is fast to look for), the whole
_OTHERS = [
    ("Telegram token", r":AA[\w-]{9}", rf"{_LEFT}\d{{8,10}}:AA[\w-]{{32,}}"),
    ("Discord token", r"\.[\w-]{6}\.[\w-]{27}", rf"{_LEFT}[MNO][\w-]{{22,27}}\.[\w-]{{6}}\.[\w-]{{27,}}"),
    ("Mailchimp key", r"-us\d", rf"{_LEFT}[0-9a-f]{{32}}-us\d{{1,2}}{_RIGHT}"),
]


class Shape(NamedTuple):
    """A shape without a fixed beginning: `sign` is a quick look whether one may be there, `pattern` the secret."""

    kind: str
    sign: re.Pattern[str]
    pattern: re.Pattern[str]


BEGINNINGS = [(sign, kind, rest) for kind, signs, rest in _BEGINNINGS for sign in signs.split()]


@cache
def beginning(sign: str, rest: str) -> re.Pattern[str]:
    """The pattern of a shape that begins with `sign`; compiled when the sign is first seen, for most never are."""
    return re.compile(_LEFT + re.escape(sign) + rest, re.ASCII)


OTHERS = [Shape(kind, re.compile(sign), re.compile(pattern, re.ASCII)) for kind, sign, pattern in _OTHERS]

# Shapes whose characters make no long runs: the sign is looked for in the whole text, the secret around it.
LOOSE = [("Q~", "Azure client secret", re.compile(r"(?<![\w~.-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,}"))]

# Secrets of two halves: near the first half a word of exactly this make-up is the second.
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
HALVES = [
    ("AKIA", "AWS secret key", _AWS_SECRET),
    ("ASIA", "AWS secret key", _AWS_SECRET),
    ("LTAI", "Alibaba secret key", re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9]{30}(?![A-Za-z0-9/+=])")),
]
