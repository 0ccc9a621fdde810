"""The traits of `%config Qwen`, each with its documentation; how `%config` and a magic's options change them."""

from __future__ import annotations

from math import nextafter
from pathlib import Path
from typing import Any, NamedTuple

from traitlets import Enum, Float, Int, TraitError, Unicode, default
from traitlets.config import Config, Configurable

from qwen_magics.errors import LockedSetting, OptionError, SettingsError
from qwen_magics.settings.kinds import CURRENCIES, Amounts, Pattern, Think, Trim, amounts
from qwen_magics.settings.names import PROVIDERS, REGIONS
from qwen_magics.settings.snapshot import Settings

SCOPES = ("mainland", "global", "international", "us", "eu")


class Choice(NamedTuple):
    """A setting's value and who chose it."""

    value: Any
    where: str


class Qwen(Configurable):
    """Settings of the %%qwen magics and of `jupyter qwen`.

    Keys are no settings: they are read from DASHSCOPE_API_KEY, OPENROUTER_API_KEY, HF_TOKEN, MODELSCOPE_API_KEY
    or OPENAI_API_KEY when they are needed, or from what %qwen_login stored.
    """

    provider = Enum(
        ("auto", *PROVIDERS),
        "auto",
        help="""Who answers, and so who sees the cells. `auto` is Alibaba Cloud where it has a key, and nothing else:
        data goes only to a provider that was chosen. `openai` is any OpenAI-compatible server at `base_url`;
        `local` is a small Qwen on this machine, free and without a key.""",
    ).tag(config=True, allowed="one of auto, " + ", ".join(PROVIDERS))
    region = Enum(
        tuple(REGIONS),
        "singapore",
        help="""Alibaba Cloud's region. Keys belong to one region, and the region decides the price list and currency
        (Beijing in CNY, the others in USD). %qwen_login stores it with the key.""",
    ).tag(config=True, allowed="one of " + ", ".join(REGIONS))
    scope = Enum(
        ("", *SCOPES),
        "",
        help="""Which price list holds, where the region alone doesn't tell: mainland, global, international, us, eu.
        Empty: the region's own.""",
    ).tag(config=True, allowed="empty or one of " + ", ".join(SCOPES))
    workspace = Pattern(
        r"[A-Za-z0-9-]{0,63}",
        "",
        help="""Alibaba Cloud's workspace id (`llm-…`): requests go to the workspace's own host, which has longer
        time-outs. Frankfurt and Tokyo have no other. Empty: the region's shared host.""",
    ).tag(config=True, allowed="a workspace id such as llm-abc123 (letters, digits, hyphens), or empty")
    base_url = Pattern(
        r"(https?://[^\s/@?#]+(/[^\s@?#]*)?)?",
        "",
        help="""Where requests go instead of the provider's own address, for example a proxy inside your network:
        https://host/v1. It says nothing about prices: those follow `region` and `scope`.""",
    ).tag(config=True, allowed="https://host/path without a user, password, ? or #, or empty")
    currency = Enum(
        ("", *CURRENCIES),
        "",
        help="""The currency that you are billed in: USD or CNY. Empty: the region's own. Nothing is converted; where
        no price is quoted in it, the receipt says `unpriced`.""",
    ).tag(config=True, allowed="empty, USD or CNY")
    model = Pattern(
        r"\S(.*\S)?",
        "qwen3-max",
        help="""The model, by the provider's own name; %qwen_models lists them. A model that isn't offered is an
        error, never another model. For the local model also a GGUF file's path.""",
    ).tag(config=True, allowed="a model's name, see %qwen_models")
    instructions = Unicode(
        "",
        help="""Your own instructions, sent after the built-in ones and before the cells, at every turn.""",
    ).tag(config=True, allowed="text")
    think = Think(
        help="""Whether the model thinks before it answers: off, on (up to `think_tokens`), low (4,096 tokens), medium
        (16,384), high (65,536), or a number of tokens. Thinking is billed as output.""",
    ).tag(config=True, allowed="off, on, low, medium, high, or a number of tokens")
    max_tokens = Int(
        8_192,
        min=1,
        help="""The longest answer in tokens. With `think_tokens` and the prompt it bounds what a turn costs.""",
    ).tag(config=True, allowed="a whole number from 1")
    think_tokens = Int(
        8_192,
        min=1,
        help="""The longest thinking in tokens where `think` is on.""",
    ).tag(config=True, allowed="a whole number from 1")
    max_input = Int(
        None,
        allow_none=True,
        min=100,
        help="""The longest prompt in tokens; what is over it is shortened or left out, oldest first, and said. None:
        the model's own window (2,000 for the local model, which reads slowly).""",
    ).tag(config=True, allowed="a whole number from 100, or None")
    temperature = Float(
        None,
        allow_none=True,
        min=0,
        max=nextafter(2, 0),  # the provider takes [0, 2) and (0, 1] (facts 1.3)
        help="""How freely the model chooses its words, from 0 to below 2. None: the model's own.""",
    ).tag(config=True, allowed="a number from 0 to below 2, or None")
    top_p = Float(
        None,
        allow_none=True,
        min=nextafter(0, 1),
        max=1,
        help="""Choose among the words that together have this probability, above 0 to 1. None: the model's own.""",
    ).tag(config=True, allowed="a number above 0 and up to 1, or None")
    seed = Int(
        None,
        allow_none=True,
        min=0,
        max=2**31 - 1,
        help="""The same seed, prompt and model give mostly the same answer. None: the provider's own.""",
    ).tag(config=True, allowed="a whole number from 0 to 2147483647, or None")
    context = Pattern(
        r"above|all|none|code|\d+\.\.\d+",
        "above",
        help="""Which cells go along: above (the question), all, none, code (only code cells above), or N..M by their
        numbers. %qwen_context shows them.""",
    ).tag(config=True, allowed="above, all, none, code, or N..M such as 2..7")
    outputs = Enum(
        ("short", "schema", "none"),
        "short",
        help="""What goes along of the cells' outputs: short (up to 600 tokens of each), schema (a table's columns and
        types, no values), none.""",
    ).tag(config=True, allowed="one of short, schema, none")
    trim = Trim(
        help="""What is shortened before it goes: tier (outputs, so that the prompt stays below the next price step),
        window (only what the model can't take), off (nothing: what the model can't take is refused), or a number of
        tokens such as 32k (outputs first, then the oldest cells). What was trimmed is said with what it saved.""",
    ).tag(config=True, allowed="tier, window, off, or a number of tokens such as 20000 or 32k")
    cache = Enum(
        ("implicit", "explicit", "off"),
        "implicit",
        help="""How the prompt is laid out for the provider's context cache: implicit (the provider caches what it
        likes; costs nothing; OpenRouter has none for these models), explicit (marks up to four places, which Alibaba
        Cloud and OpenRouter keep for 5 minutes; writing costs a quarter more, hits about a tenth), off (none is counted
        on; Alibaba Cloud's implicit cache itself can't be turned off).""",
    ).tag(config=True, allowed="one of implicit, explicit, off")
    replay = Enum(
        ("on", "off"),
        "on",
        help="""Whether, in a new kernel session, a question that is the same to the last byte gets its saved answer
        back instead of a new one: nothing is sent, nothing is paid. --fresh asks anew.""",
    ).tag(config=True, allowed="on or off")
    receipt = Enum(
        ("line", "off"),
        "line",
        help="""What stands under an answer: one line with tokens and price, or nothing. The ledger keeps it anyway.""",
    ).tag(config=True, allowed="line or off")
    guard_turn = Amounts(
        "0.25 USD, 2 CNY",
        help="""A turn that is expected to cost more needs --yes. A currency that you don't name keeps its default;
        `off` for no guard. It guards this machine's turns only.""",
    ).tag(config=True, allowed="amounts such as `0.25 USD, 2 CNY`, or off")
    guard_day = Amounts(
        "5 USD, 35 CNY",
        help="""At most this much for one day's turns of this machine: then the next ones get shorter limits and are
        refused until you say so. A currency that you don't name keeps its default; `off` for no guard.""",
    ).tag(config=True, allowed="amounts such as `5 USD, 35 CNY`, or off")
    budget_turn = Amounts(
        "off",
        help="""At most this much per turn, its worst case counted, in each currency named; `off` for no limit. What
        does not fit gets shorter limits first. What is set here can't be raised by %qwen_budget, only
        lowered: the smaller one holds.""",
    ).tag(config=True, allowed="amounts such as `0.10 USD, 1 CNY`, or off")
    budget_notebook = Amounts(
        "off",
        help="""At most this much for all turns of one notebook, in each currency named; `off` for no limit. The
        smaller of this and %qwen_budget holds.""",
    ).tag(config=True, allowed="amounts such as `1 USD, 7 CNY`, or off")
    budget_day = Amounts(
        "off",
        help="""At most this much for all turns of one day on this machine, in each currency named; `off` for no
        limit. The smaller of this and %qwen_budget holds.""",
    ).tag(config=True, allowed="amounts such as `2 USD, 14 CNY`, or off")
    budget_month = Amounts(
        "off",
        help="""At most this much for all turns of one month on this machine, in each currency named; `off` for no
        limit. The smaller of this and %qwen_budget holds.""",
    ).tag(config=True, allowed="amounts such as `20 USD, 140 CNY`, or off")
    attempts = Int(
        6,
        min=1,
        max=20,
        help="""How often a request is tried, in all, while the provider is overloaded or unreachable and nothing of
        the answer has come yet. 1: no second try.""",
    ).tag(config=True, allowed="a whole number from 1 to 20")
    timeout = Float(
        None,
        allow_none=True,
        min=1,
        help="""Seconds to wait while nothing comes before the provider counts as silent. None: as long as the provider
        lets a request run (600; 3,600 at an Alibaba Cloud workspace's own host).""",
    ).tag(config=True, allowed="a number of seconds from 1, or None")
    data_dir = Unicode(
        help="""Where the ledger, the local model and (without a system keyring) keys are kept. Default: qwen-magics in
        Jupyter's data folder.""",
    ).tag(config=True, allowed="a folder's path")

    @default("data_dir")
    def _data_dir(self) -> str:
        from jupyter_core.paths import jupyter_data_dir

        return str(Path(jupyter_data_dir(), "qwen-magics"))

    def __init__(self, chosen: dict[str, Choice] | None = None, locks: dict[str, Choice] | None = None) -> None:
        chosen = chosen or {}
        super().__init__(config=_config(chosen))
        self.sources = {name: choice.where for name, choice in chosen.items()}
        self.locks = locks or {}
        self.from_shell = Config()  # what IPython's own files chose

    @classmethod
    def checked(cls, name: str, value: object, where: str, error: type[SettingsError] = SettingsError) -> Any:
        """The value in its trait's own form; raises `error`, saying what is allowed."""
        if name not in NAMES:
            remedy = "Keys go into DASHSCOPE_API_KEY or %qwen_login." if "key" in name or "token" in name else ""
            raise error(f"{where}: there is no setting `{name}`.{near(name, NAMES)}", remedy=remedy)
        scratch, trait = cls(), cls.class_traits()[name]
        try:
            setattr(scratch, name, value)
        except TraitError:
            shown = "that" if name == "base_url" else repr(value)  # an address may hold a password
            hint = near(str(value), getattr(trait, "values", None) or ())
            allowed = trait.metadata["allowed"]
            raise error(f"{where}: `{name}` can't be {shown}; it is {allowed}.{hint}") from None
        return getattr(scratch, name)

    def update_config(self, config: Config) -> None:
        """`%config Qwen.x = …` comes here. Nothing changes if a name or value can't be, or is locked."""
        values = config.get("Qwen", {})
        chosen = {name: Choice(self.checked(name, value, "%config"), "%config") for name, value in values.items()}
        respect(self.locks, chosen)
        super().update_config(_config(chosen))
        self.sources |= {name: choice.where for name, choice in chosen.items()}

    def with_options(self, **options: object) -> Settings:
        """The snapshot that one turn uses. `options` are a magic's own, by trait name; None is not given.

        Raises OptionError for a value that can't be, LockedSetting for one that the administrator decided.
        """
        given = {name: value for name, value in options.items() if value is not None}
        chosen = {
            name: Choice(self.checked(name, value, f"--{name.replace('_', '-')}", OptionError), "option")
            for name, value in given.items()
        }
        respect(self.locks, chosen)
        # A trait that was set as an attribute passed no lock: the lock's value holds all the same.
        decided = chosen | self.locks
        values = {name: decided[name].value if name in decided else getattr(self, name) for name in NAMES}
        return Settings(
            **{name: _plain(name, value) for name, value in values.items()},
            sources=self.sources | {name: choice.where for name, choice in decided.items()},
            locked=frozenset(self.locks),
        )


NAMES: tuple[str, ...] = tuple(Qwen.class_trait_names(config=True))


def respect(locks: dict[str, Choice], chosen: dict[str, Choice]) -> None:
    """Raise LockedSetting where a choice differs from what the administrator decided."""
    for name, choice in chosen.items():
        lock = locks.get(name)
        if lock and choice.value != lock.value:
            raise LockedSetting(
                f"`{name}` is locked to {lock.value!r} by {lock.where}; {choice.where} can't set {choice.value!r}.",
                remedy=f"Leave `{name}` out, or ask your administrator.",
            )


def near(word: str, words: Any) -> str:
    """` Did you mean …?` where something is near, else nothing."""
    from difflib import get_close_matches  # only when something is wrong

    spelt = {str(one).lower(): str(one) for one in words if one}
    found = get_close_matches(word.lower(), spelt, n=1)
    return f" Did you mean `{spelt[found[0]]}`?" if found else ""


def _config(chosen: dict[str, Choice]) -> Config:
    return Config(Qwen={name: choice.value for name, choice in chosen.items()})


def _plain(name: str, value: Any) -> Any:
    if name.startswith(("guard_", "budget_")):
        return amounts(value)
    if name == "data_dir":
        return Path(value).expanduser().absolute()
    return value.rstrip("/") if name == "base_url" else value
