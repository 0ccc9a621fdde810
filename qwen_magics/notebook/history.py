"""What ran before the record began, from IPython's own history: sources, streams and results, and no displays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .cells import Output


def executed_before(shell: Any) -> Iterator[tuple[str, int, list[Output]]]:
    """Raw source, execution count and outputs of every cell of this session so far."""
    history = shell.history_manager
    if history is None:
        return
    for count, source in enumerate(history.input_hist_raw):
        if source.strip():
            yield source, count, _outputs(history, count)


def _outputs(history: Any, count: int) -> list[Output]:
    outputs = [_output(stored, count) for stored in getattr(history, "outputs", {}).get(count, ())]
    error = getattr(history, "exceptions", {}).get(count)
    if isinstance(error, dict) and error.get("ename") != "UsageError":  # which is but a line on stderr
        lines = [str(line) for line in error.get("traceback", ())]
        outputs.append(Output("error", ename=str(error.get("ename")), evalue=str(error.get("evalue")), traceback=lines))
    return outputs


def _output(stored: Any, count: int) -> Output:
    """IPython 9 stores `out_stream` and `err_stream` with a list of writes, and mime bundles of the rest."""
    if stored.output_type.endswith("_stream"):
        name = "stdout" if stored.output_type == "out_stream" else "stderr"
        return Output("stream", name=name, text="".join(stored.bundle.get("stream", ())))
    count_of_result = count if stored.output_type == "execute_result" else None
    return Output(stored.output_type, data=dict(stored.bundle), execution_count=count_of_result)
