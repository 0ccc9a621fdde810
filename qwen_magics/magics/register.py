"""The magics by name, each with its help page. What they do is imported when they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from qwen_magics.magics.session import Session

NAMES = {
    "cell": ("qwen",),
    "line": (
        "qwen",
        "qwen_context",
        "qwen_usage",
        "qwen_budget",
        "qwen_estimate",
        "qwen_models",
        "qwen_fix",
        "qwen_login",
    ),
}


@magics_class
class QwenMagics(Magics):
    """`%%qwen`, `%qwen` and the `%qwen_…` line magics of one session."""

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        super().__init__(shell)
        self.session = session

    @no_var_expand
    @cell_magic("qwen")  # type: ignore[arg-type]  # IPython's annotation of named magics is wrong
    def qwen_cell(self, line: str, cell: str) -> None:
        """Ask with the cell's text. The cells above go along; the answer streams in, with its tokens and price below.

            %%qwen [options]
            Which species is the outlier, and is {{ df.describe() }} consistent with the table above?

        `{{ expression }}` is evaluated once and summarised for the model. Everything else is plain text.
        A `%%qwen` cell and its answer are the conversation: rerun the cell and it is asked anew, delete it and it is
        forgotten. `# qwen: skip` or `# qwen: pin` as a cell's first line (or the tags qwen-skip, qwen-pin) leave a
        cell out, or keep it when room gets short. Interrupting the kernel stops the answer and keeps what came.

        In a new kernel session the very same question, with the same cells above, is not asked: its saved answer comes
        back from the ledger or from the notebook's own outputs, at no cost and marked `replayed`. Run the cell once
        more, or add --fresh, to ask. A turn that fails before its first word leaves the earlier answer in place, and
        the cell fails all the same. `%config Qwen.replay = "off"` always asks.

        Options
          -m, --model NAME       the model; %qwen_models lists them
          -p, --provider NAME    alibaba, openrouter, huggingface, modelscope, openai or local
          --think[=low|medium|high|N]
                                 let it think first, up to N tokens (billed as output)
          --context above|all|none|code|N..M
                                 which cells go along
          --with NAME            attach a variable's summary; may be given more than once
          --without #N           leave cell #N out
          --unredacted #N        send cell #N as it is, what looks like a secret too
          --trim N|32k|tier|window|off
                                 what is shortened before it goes
          --as markdown|text|code|json
                                 the answer's form; code also goes into a new next cell, never run
          -o, --out NAME         put the answer into a variable (parsed, with --as json)
          --system "TEXT"        instead of the built-in instructions
          --max-tokens N         the longest answer
          --temperature X        0 to below 2
          --top-p X              above 0 to 1
          --seed N               for answers that can be repeated
          --search               let the model search the web (Alibaba Cloud; costs a fee per call)
          --continue             go on where this cell's answer broke off
          --fresh                ask, though a saved answer to the same question is at hand
          --replay-only          fail rather than pay where no saved answer is at hand
          --dry-run              show what would be sent and cost; send nothing
          --full                 show the request itself, redacted, byte for byte; send nothing
          --diff                 show what changed since the last question; send nothing
          --what-if              show what it would cost elsewhere and otherwise; send nothing
          --yes                  go, though it is expected to cost more than Qwen.guard_turn
          --budget AMOUNT        at most this much for this turn, such as 0.05 or 0.30CNY
          --unpriced             go without a price, though a budget is set
          --no-receipt           no line under the answer (the ledger keeps it)

        Settings that stay: `%config Qwen`. What is sent: `%qwen_context`. What was spent: `%qwen_usage`.

        Example
            %%qwen -m qwen-plus --think=low -o advice
            Is this sample large enough for Welch's test?
        """
        from qwen_magics.magics.ask import ask

        ask(self.session, line, cell, whole_cell=True)

    @no_var_expand
    @line_magic("qwen")  # type: ignore[arg-type]  # as above
    def qwen_line(self, line: str) -> Any:
        """Ask in one line, and have the answer as a string. Options as for `%%qwen`; they end at the first plain word.

        %qwen what does groupby do with missing keys?
        summary = %qwen --as text --context none one sentence on Welch's test
        """
        from qwen_magics.magics.ask import ask

        return ask(self.session, line, "", whole_cell=False)

    @no_var_expand
    @line_magic
    def qwen_context(self, line: str) -> None:
        """What a question here would send and cost, item by item. Sends nothing; needs no key.

            %qwen_context [options of %%qwen] [the question]

        Costs add up to the total. "without it, save" is what the whole request costs less without that item: ▲ where it
        falls into a cheaper price tier then, a minus where what follows would no longer come from the cache.
        hit? probably comes from the provider's cache, at its price; new does not. The range under the table is that of
        this model's last 40 answers.

            --full     the request itself, as it would leave: redacted, without the key
            --diff     what changed since the last question here to this model, and what lost cache hits cost
            --what-if  the same question on other models, in other regions, thinking or not, trimmed, in two requests,
                       with and without a cache: the best of each kind; all of them with --what-if --full

        Example
            %qwen_context --without #2 why is Gentoo heavier?
        """
        from qwen_magics.magics.context import show

        show(self.session, line)

    @no_var_expand
    @line_magic
    def qwen_usage(self, line: str) -> Any:
        """What was spent: by this notebook, in this session, today, by model; and what the notebook's file says.

            %qwen_usage [--by GROUP] [--month MONTH] [--tz ZONE] [--last] [--live] [-o df|csv|json]

          --by model|tier|provider|notebook|cell|session|day|month
                    one table by this, over all that the ledger holds; a tier is the price step that a request's
                    length falls in
          --month 2026-11
                    that month by day and by model, to lay beside a bill
          --tz Asia/Shanghai
                    whose days and months; without it local ones
          --last    bring back the answers that reruns of this notebook's cells overwrote
          --live    follow the ledger in a small view: today, this notebook, what is in flight, the last turns; until
                    its Stop button, another --live, or the session's end. The notebook keeps one plain line of it
          -o df|csv|json
                    return a row for each turn, with every digit: money as text, times in UTC; as a DataFrame (pandas,
                    else polars), as CSV, or as JSON with totals; `jupyter qwen usage --help` lists the columns

        Every total says which price list it is at and what is not in it.

        Examples
            %qwen_usage --by tier
            %qwen_usage --month 2026-11 --tz Asia/Shanghai
            rows = %qwen_usage -o df
        """
        from qwen_magics.magics.usage import usage

        return usage(self.session, line)

    @no_var_expand
    @line_magic
    def qwen_estimate(self, line: str) -> None:
        """The price tag of Run All, before it runs: each question's tokens, price tier, expected cost and worst case.

            %qwen_estimate [--max AMOUNT] [--allow-unknown]

          --max AMOUNT      fail if the worst case is over it, such as 1.00, "1.00 USD" or 5CNY
          --allow-unknown   with --max: go by what is known, where not all is

        Nothing is sent and no code is run. It is for a restarted kernel: questions whose saved answer comes back are
        marked `replays` and cost nothing; the first that is asked anew is named. Outputs of code cells, and what
        {{ }} held, are taken as saved. ≈ stands before what hangs on answers that are not given yet, ≥ where something
        is unknown. `jupyter qwen estimate NOTEBOOK` says the same without a kernel.

        Example
            %qwen_estimate --max 0.50
        """
        from qwen_magics.magics.estimate import show

        show(self.session, line)

    @no_var_expand
    @line_magic
    def qwen_budget(self, line: str) -> None:
        """Set a budget that every kernel of this machine keeps to, or show what is set, spent, reserved and left.

            %qwen_budget AMOUNT/turn|notebook|day|month
            %qwen_budget off/turn|notebook|day|month
            %qwen_budget

        An amount names its currency: 2 USD, $2, 14 CNY or ¥14; each currency has a budget of its own. turn, day and
        month hold for all turns of this machine, notebook for this notebook's. They stay until you change them and
        hold from the next turn on, wherever it is asked. Where Qwen.budget_day and its like are set too, the smaller
        one holds; --budget bounds one call.

        Before a turn leaves, its worst case is reserved. What doesn't fit gets shorter limits: thinking is cut first,
        then the answer, each down to 1,024 tokens, and the line below the answer says so. What doesn't fit even then is
        refused, and nothing is sent. A kernel that dies with its question out counts at that question's worst case.
        A turn without a price, or in a currency that a budget isn't in, is refused while it is set; --unpriced lets
        it go. What is free (the local model, ModelScope) or paid by a plan goes. Turns of other machines don't count.

        Example
            %qwen_budget 2 USD/day
        """
        from qwen_magics.magics.budget import budget

        budget(self.session, line)

    @no_var_expand
    @line_magic
    def qwen_models(self, line: str) -> None:
        """Which models there are, what they can do and cost per million tokens, tier by tier.

            %qwen_models [NAME] [-p PROVIDER]

        Example
            %qwen_models qwen3-max
        """
        from qwen_magics.magics.models import models

        models(self.session, line)

    @no_var_expand
    @line_magic
    def qwen_fix(self, line: str) -> None:
        """Explain the last error and put a corrected cell below (never run).

            %qwen_fix [options of %%qwen] [what to mind]

        Example
            %qwen_fix keep the missing values
        """
        from qwen_magics.magics.fix import fix

        fix(self.session, line)

    @no_var_expand
    @line_magic
    def qwen_login(self, line: str) -> None:
        """Store a provider's key: asks for region and key, checks them, keeps them in the system's keyring.

            %qwen_login [--provider NAME] [--region NAME|try] [--workspace ID] [--no-check] [--logout]

          --region try   ask each region which one knows the key
          --no-check     store without asking the provider (offline)
          --logout       forget the key

        The key is typed into a hidden field; it is never an argument and never stands in the notebook.

        Example
            %qwen_login --region singapore
        """
        from qwen_magics.magics.login import login

        login(self.session, line)
