"""Messages + model + options → the JSON body of one chat completion, and the hash that names it. Pure; sends nothing.

Each provider asks for thinking, continuation and its own extras in another way: that is the *dialect*, the only thing
here that knows providers apart. Fields, ranges: shared facts, sections 1.3 (Alibaba), 3.3 (OpenRouter), 3.4 (others).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec import json as msgjson

from qwen_magics.errors import OptionError
from qwen_magics.values import Limits, Message, Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qwen_magics.catalog import Model

MARKING = ("alibaba", "openrouter")  # dialects that know cache marks
GO_ON = "Go on exactly where your answer broke off. Repeat nothing, add no preface."


class Request(Struct, frozen=True):
    """What leaves: the body as sent, its limits, and `hash`, the request's identity for replay."""

    body: bytes
    limits: Limits
    hash: str


def build(
    messages: Sequence[Message], model_id: str, options: Options, *, model: Model | None, dialect: str, scope: str = ""
) -> Request:
    """The request for `model_id` (the provider's own name) in the `dialect` of a provider.

    Raises OptionError where the model can't take an option. An unknown model (None) is believed to take all.
    """
    check(options, model, dialect, scope)
    limits = Limits(answer=options.max_tokens, thinking=options.think)
    said = [_message(message, marks=dialect in MARKING) for message in messages]
    body: dict[str, Any] = {
        "model": model_id,
        "messages": said,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    sampling = _sampling(options)
    body.update(sampling)
    body.update(_limits(options, dialect))
    body.update(_thinking(options, model, dialect))
    if options.search:
        body["enable_search"] = True
    if options.json:
        body["response_format"] = {"type": "json_object"}
    if options.continued:
        _go_on(said, dialect)
    if dialect == "local":
        body |= {"return_progress": True, "cache_prompt": options.cache}
    name = model.id if model else model_id
    return Request(msgjson.encode(body), limits, request_hash(messages, name, options, sampling))


def request_hash(messages: Sequence[Message], name: str, options: Options, sampling: dict[str, Any]) -> str:
    """SHA-256 over the canonical model, message texts, sampling, schema and tools (contract "Replay rule").

    Not over stream, cache marks, provider or limits: the same question elsewhere has the same hash.
    """
    identity = {
        "v": 1,
        "model": name,
        "messages": [[m.role, m.content, [i.url for i in m.images]] for m in messages],
        "sampling": sampling,
        "thinking": bool(options.think),
        "json": options.json,
        "search": options.search,
        "continued": options.continued,
    }
    return hashlib.sha256(msgjson.encode(identity, order="sorted")).hexdigest()


def check(options: Options, model: Model | None, dialect: str, scope: str = "") -> None:
    """Raise OptionError, naming the option, where model or provider can't do what is asked."""
    if options.search and dialect != "alibaba":
        raise OptionError("--search is offered by Alibaba Cloud only.", remedy="Leave --search out, or use -p alibaba.")
    if options.think and options.json and dialect == "alibaba":
        raise OptionError(
            "--as json doesn't go with --think: Alibaba's JSON mode refuses thinking.", remedy="Leave one of them out."
        )
    if model is None:
        return
    if options.think and not model.thinks(scope):
        where = f" in the {scope} scope" if model.thinks() else ""
        raise OptionError(f"{model.id} doesn't think{where}: --think is not for it.", remedy="Leave --think out.")
    if options.think and model.max_thinking and options.think > model.max_thinking:
        raise OptionError(
            f"{model.id} thinks at most {model.max_thinking:,} tokens; --think={options.think} is more.",
            remedy=f"--think={model.max_thinking}",
        )
    most = model.largest_output(bool(options.think))
    if most and options.max_tokens > most:
        raise OptionError(
            f"{model.id} answers at most {most:,} tokens; --max-tokens {options.max_tokens} is more.",
            remedy=f"--max-tokens {most}",
        )
    if options.json and not model.json:
        raise OptionError(f"{model.id} has no JSON mode: --as json is not for it.", remedy="Leave --as json out.")
    if options.search and not model.search:
        raise OptionError(f"{model.id} can't search: --search is not for it.", remedy="Leave --search out.")


def _message(message: Message, *, marks: bool) -> dict[str, Any]:
    marked = message.marks if marks else ()
    if not message.images and not marked:
        return {"role": message.role, "content": message.content}
    pictures = [{"type": "image_url", "image_url": {"url": image.url}} for image in message.images]
    return {"role": message.role, "content": [*_texts(message.content, marked), *pictures]}


def _texts(content: str, marks: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The text in parts that end where a mark stands (facts 1.8); joined they are the text again, byte for byte."""
    begin = 0
    for end in marks:
        yield {"type": "text", "text": content[begin:end], "cache_control": {"type": "ephemeral"}}
        begin = end
    if begin < len(content) or not marks:
        yield {"type": "text", "text": content[begin:]}


def _sampling(options: Options) -> dict[str, Any]:
    chosen = {"temperature": options.temperature, "top_p": options.top_p, "seed": options.seed}
    return {name: value for name, value in chosen.items() if value is not None}


def _limits(options: Options, dialect: str) -> dict[str, Any]:
    # Alibaba's max_tokens limits the answer only (facts 1.3); everywhere else it limits answer and thinking together.
    return {"max_tokens": options.max_tokens + (options.think if dialect != "alibaba" else 0)}


def _thinking(options: Options, model: Model | None, dialect: str) -> dict[str, Any]:
    able = model is None or model.thinking != "none"
    if dialect == "local" or not able:
        return {}
    if dialect == "openrouter":
        return {"reasoning": {"max_tokens": options.think} if options.think else {"enabled": False}}
    if dialect in ("alibaba", "modelscope"):
        if model is not None and model.thinking == "always":
            return {"thinking_budget": options.think} if options.think else {}
        fields: dict[str, Any] = {"enable_thinking": bool(options.think)}
        if options.think:
            fields["thinking_budget"] = options.think
        if model is not None and model.preserves_thinking:
            fields["preserve_thinking"] = False  # else they want all past thinking back, which is never context
        return fields
    # vLLM, SGLang and the like: the chat template decides. Others refuse unknown fields, so silence means off.
    return {"chat_template_kwargs": {"enable_thinking": True}} if options.think else {}


def _go_on(said: list[dict[str, Any]], dialect: str) -> None:
    """Let the last message, an unfinished answer, go on: as a prefix where that exists, else by asking."""
    if dialect == "alibaba":
        said[-1] = said[-1] | {"partial": True}
    elif dialect != "local":  # llama.cpp continues a last assistant message of itself
        said.append({"role": "user", "content": GO_ON})
