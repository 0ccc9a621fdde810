"""Makes secrets of the well-known shapes at run time, so that no scanner ever finds one in this repository."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HEX, DIGITS, UPPER = string.hexdigits[:16], string.digits, string.ascii_uppercase
ALNUM = string.ascii_letters + DIGITS
URL64, B64 = ALNUM + "-_", ALNUM + "+/"


class Maker(random.Random):
    """Random text of given alphabets."""

    def of(self, alphabet: str, count: int) -> str:
        """Characters of an alphabet."""
        return "".join(self.choices(alphabet, k=count))

    def b64(self, count: int) -> str:
        """So many bytes in base64."""
        return base64.b64encode(self.randbytes(count)).decode()

    def jwt(self) -> str:
        """A signed JSON web token."""
        parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": self.of(DIGITS, 10), "name": self.of(ALNUM, 8)}]
        plain = [json.dumps(part).encode() for part in parts] + [self.randbytes(32)]
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in plain)

    def uuid(self) -> str:
        """A UUID."""
        return "-".join(self.of(HEX, count) for count in (8, 4, 4, 4, 12))

    def password(self) -> str:
        """Letters, digits and a sign, as password managers make them."""
        return self.of(ALNUM, 6) + self.choice("!#$*+-_~") + self.of(DIGITS, 2) + self.of(ALNUM, self.randint(3, 10))

    def pem(self, kind: str = "RSA ") -> str:
        """A private key's block."""
        body = self.b64(300)
        lines = [body[i : i + 64] for i in range(0, len(body), 64)]
        edge = f"{kind}PRIVATE" + " KEY"
        return "\n".join([f"-----BEGIN {edge}-----", *lines, f"-----END {edge}-----"])


def begins(prefix: str, alphabet: str, count: int) -> Callable[[Maker], str]:
    return lambda make: prefix + make.of(alphabet, count)


SHAPES: dict[str, Callable[[Maker], str]] = {
    "OpenAI, first generation": lambda m: "sk-" + m.of(ALNUM, 20) + "T3Blbk" + "FJ" + m.of(ALNUM, 20),
    "OpenAI project": begins("sk-proj-", URL64, 156),
    "OpenAI service account": begins("sk-svcacct-", URL64, 120),
    "OpenAI admin": begins("sk-admin-", URL64, 120),
    "Anthropic": lambda m: "sk-ant-" + "api03-" + m.of(URL64, 93) + "AA",
    "DashScope": begins("sk-", HEX, 32),
    "DashScope plan": begins("sk-sp-", HEX, 32),
    "OpenRouter": begins("sk-or-v1-", HEX, 64),
    "some sk- key": begins("sk-", ALNUM, 48),
    "LangFuse": lambda m: "sk-lf-" + m.of(HEX, 32),
    "Hugging Face": begins("hf_", string.ascii_letters, 34),
    "Hugging Face organisation": begins("api_org_", string.ascii_letters, 34),
    "ModelScope": lambda m: "ms-" + m.uuid(),
    "Google": begins("AIza", URL64, 35),
    "Google OAuth": begins("ya29.", URL64, 120),
    "Google client secret": begins("GOCSPX-", URL64, 28),
    "GitHub classic": begins("ghp_", ALNUM, 36),
    "GitHub OAuth": begins("gho_", ALNUM, 36),
    "GitHub app": begins("ghs_", ALNUM, 36),
    "GitHub fine-grained": lambda m: "github_pat_" + m.of(ALNUM, 22) + "_" + m.of(ALNUM, 59),
    "GitLab": begins("glpat-", URL64, 20),
    "GitLab pipeline": begins("glptt-", HEX, 40),
    "GitLab runner": begins("GR1348941", URL64, 20),
    "Slack bot": lambda m: f"xoxb-{m.of(DIGITS, 12)}-{m.of(DIGITS, 12)}-{m.of(ALNUM, 24)}",
    "Slack app": lambda m: f"xapp-1-A{m.of(UPPER, 10)}-{m.of(DIGITS, 13)}-{m.of(HEX, 64)}",
    "Stripe": begins("sk_" + "live_", ALNUM, 24),
    "Stripe restricted": begins("rk_" + "test_", ALNUM, 24),
    "webhook secret": begins("whsec_", ALNUM, 32),
    "AWS access key": begins("AKIA", UPPER + "234567", 16),
    "AWS session key": begins("ASIA", UPPER + "234567", 16),
    "Alibaba access key": begins("LTAI", ALNUM, 20),
    "Databricks": begins("dapi", HEX, 32),
    "npm": begins("npm_", ALNUM, 36),
    "PyPI": begins("pypi-AgEIcHlwaS5vcmc", URL64, 150),
    "SendGrid": lambda m: f"SG.{m.of(URL64, 22)}.{m.of(URL64, 43)}",
    "Twilio": begins("SK", HEX, 32),
    "JSON web token": Maker.jwt,
    "Telegram": lambda m: f"{m.randint(10**8, 10**10 - 1)}:AA{m.of(URL64, 33)}",
    "Discord": lambda m: f"{m.choice('MNO')}{m.of(ALNUM, 25)}.{m.of(URL64, 6)}.{m.of(URL64, 38)}",
    "Azure client secret": lambda m: f"{m.of(ALNUM, 3)}8Q~{m.of(URL64.replace('-', '~.'), 34)}",
    "Mailchimp": lambda m: f"{m.of(HEX, 32)}-us{m.randint(1, 21)}",
    "Groq": begins("gsk_", ALNUM, 52),
    "xAI": begins("xai-", ALNUM, 80),
    "Perplexity": begins("pplx-", ALNUM, 48),
    "Nvidia": begins("nvapi-", URL64, 64),
    "Replicate": begins("r8_", ALNUM, 37),
    "Tavily": begins("tvly-dev-", ALNUM, 32),
    "LangSmith": lambda m: f"lsv2_pt_{m.of(HEX, 32)}_{m.of(HEX, 10)}",
    "Docker": begins("dckr_pat_", URL64, 27),
    "DigitalOcean": begins("dop_v1_", HEX, 64),
    "Shopify": begins("shpat_", HEX, 32),
    "Square": begins("sq0csp-", URL64, 43),
    "Vault": begins("hvs.", URL64, 95),
    "Grafana": lambda m: f"glsa_{m.of(ALNUM, 32)}_{m.of(HEX, 8)}",
    "Postman": lambda m: f"PMAK-{m.of(HEX, 24)}-{m.of(HEX, 34)}",
    "Artifactory": begins("AKCp", ALNUM, 69),
    "Linear": begins("lin_api_", ALNUM, 40),
    "RubyGems": begins("rubygems_", HEX, 48),
}

# Secrets that only their surroundings betray: the text around them, and the secret.
PLACED: dict[str, Callable[[Maker], tuple[str, str]]] = {
    "database URL": lambda m: ("postgresql://app:{}@db.internal:5432/sales", m.of(ALNUM + "-_.~", 14)),
    "redis URL": lambda m: ("redis://:{}@cache:6379/0", m.of(ALNUM, 12)),
    "token in a git URL": lambda m: ("https://{}@git.example.org/team/repo.git", m.of(ALNUM, 30)),
    "ODBC string": lambda m: ("Driver={{ODBC}};Server=tcp:x;Uid=sa;Pwd={};Encrypt=yes;", m.of(ALNUM, 12)),
    "libpq string": lambda m: ("host=db user=app password={} dbname=sales", m.of(ALNUM, 10)),
    "storage string": lambda m: ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};", m.b64(64)),
    "signed URL": lambda m: ("https://a.blob.core.windows.net/c/f?sv=2024-11-04&sig={}&se=1", m.of(ALNUM, 43) + "%3D"),
    "Jupyter URL": lambda m: ("http://127.0.0.1:8888/lab?token={}", m.of(HEX, 48)),
    "bearer header": lambda m: ("Authorization: Bearer {}", m.of(URL64, 40)),
    "bearer in a dict": lambda m: ("headers={{'Authorization': 'Bearer {}'}}", m.of(URL64, 40)),
    "basic header": lambda m: ("Authorization: Basic {}", base64.b64encode(f"app:{m.of(ALNUM, 9)}".encode()).decode()),
    "curl": lambda m: ("curl -u admin:{} https://example.org", m.of(ALNUM, 12)),
    "AWS secret key": lambda m: ("AKIA" + m.of(UPPER, 16) + "  {}", m.b64(30)),
    "AWS configuration": lambda m: ("aws_secret_access_key = {}", m.b64(30)),
    "Alibaba secret key": lambda m: ("LTAI" + m.of(ALNUM, 20) + ", {}", m.of(ALNUM, 30)),
    "keyword argument": lambda m: ('connect(host="db", password="{}")', m.password()),
    "dict": lambda m: ("{{'user': 'app', 'api_key': '{}'}}", m.of(ALNUM, 24)),
    "JSON": lambda m: ('{{"client_secret": "{}"}}', m.of(ALNUM, 24)),
    "JSON in JSON": lambda m: ('"{{\\"client_secret\\": \\"{}\\"}}"', m.of(ALNUM, 24)),
    "shell": lambda m: ("export DB_PASSWORD={}", m.password().replace("*", "x").replace("$", "y")),
    "option": lambda m: ("tool --api-key {} --verbose", m.of(ALNUM, 32)),
    "annotated": lambda m: ('secret_key: str = "{}"', m.of(ALNUM, 24)),
    "YAML": lambda m: ("  client_secret: {}", m.of(ALNUM, 32)),
    "subscript": lambda m: ("os.environ['API_TOKEN'] = '{}'", m.of(ALNUM, 24)),
    "custom header": lambda m: ("X-Api-Key: {}", m.of(ALNUM, 32)),
    "Slack hook": lambda m: (
        f"https://hooks.slack.com/services/T{m.of(UPPER, 8)}/B{m.of(UPPER, 8)}/{{}}", m.of(ALNUM, 24)
    ),
    "Discord hook": lambda m: (f"https://discord.com/api/webhooks/{m.of(DIGITS, 18)}/{{}}", m.of(URL64, 68)),
}  # fmt: skip
