"""Bytes to events: every dialect's shapes, any split, any truncation, any stranger's extra fields."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from fakes import dialects
from fakes.script import Answer
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.provider.wire import Decoder
from qwen_magics.values import (
    Fault,
    Finish,
    Progress,
    Reported,
    StreamEvent,
    Text,
    Thinking,
    ToolCall,
    Usage,
)

USAGE = {"prompt_tokens": 22, "completion_tokens": 17, "total_tokens": 39}
# Not "<": a piece that begins with a literal <think> is another story, told below.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<"), min_size=1, max_size=12)


def stream(dialect: str, answer: Answer) -> bytes:
    usage = answer.usage if answer.send_usage else None
    request = {"return_progress": True}
    parts = [*dialects.opening(dialect, request, 8), *dialects.pieces(dialect, answer)]
    return b"".join([*parts, *dialects.closing(dialect, answer, usage)])


def decode(*chunks: bytes, think_tags: bool = True) -> tuple[Decoder, list[StreamEvent]]:
    decoder = Decoder(think_tags=think_tags)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return decoder, events + decoder.finish()


def joined(events: list[StreamEvent]) -> list[StreamEvent]:
    """Neighbouring pieces of one kind as one: what a split of the bytes must not change."""
    result: list[StreamEvent] = []
    for event in events:
        last = result[-1] if result else None
        if isinstance(event, Text | Thinking) and type(last) is type(event):
            result[-1] = type(event)(last.text + event.text)  # type: ignore[union-attr]
        else:
            result.append(event)
    return result


def said(events: list[StreamEvent], kind: type[Text] | type[Thinking] = Text) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


def data(**body: Any) -> bytes:
    return dialects.event(body)


def piece(finish: str | None = None, **delta: Any) -> bytes:
    return data(id="x", choices=[{"index": 0, "delta": delta, "finish_reason": finish}])


def split(content: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[a:b] for a, b in pairwise(places)]


answers = st.builds(
    Answer,
    text=st.lists(texts, max_size=6).map(tuple),
    thinking=st.lists(texts, max_size=4).map(tuple),
    tool_calls=st.lists(
        st.fixed_dictionaries(
            {"index": st.integers(0, 2), "id": texts, "function": st.fixed_dictionaries({"arguments": texts})}
        ),
        max_size=3,
    ).map(tuple),
    usage=st.just(USAGE),
    send_usage=st.booleans(),
    done=st.booleans(),
)


# --- any split, any truncation, anything else -------------------------------------------------------------------------


@given(answers, st.sampled_from(dialects.DIALECTS), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.data())
def test_any_split_of_the_bytes_gives_the_same_events(
    answer: Answer, dialect: str, newline: str, bom: bool, draw: st.DataObject
) -> None:
    content = b"\xef\xbb\xbf" * bom + stream(dialect, answer).replace(b"\n", newline.encode())
    decoder, whole = decode(content)
    _, parted = decode(*split(content, draw.draw(st.lists(st.integers(0, 20_000), max_size=12))))
    assert joined(parted) == joined(whole)
    assert decoder.complete
    assert said(whole) == "".join(answer.text)
    assert said(whole, Thinking) == "".join(answer.thinking)
    assert any(isinstance(event, Reported) for event in whole) == answer.send_usage


@given(answers, st.sampled_from(dialects.DIALECTS))
def test_one_byte_at_a_time_is_no_different(answer: Answer, dialect: str) -> None:
    content = stream(dialect, answer)
    assert joined(decode(*(content[i : i + 1] for i in range(len(content))))[1]) == joined(decode(content)[1])


@given(answers, st.sampled_from(dialects.DIALECTS), st.integers(0, 20_000))
def test_any_truncation_keeps_the_text_so_far_and_says_that_it_broke(answer: Answer, dialect: str, at: int) -> None:
    content = stream(dialect, answer)
    content = content[: at % len(content)]
    decoder, events = decode(content)
    assert "".join(answer.text).startswith(said(events))
    assert "".join(answer.thinking).startswith(said(events, Thinking))
    ended = any(isinstance(event, Finish) for event in events)
    assert decoder.complete == ended
    assert isinstance(events[-1], Fault) != ended if events else not ended
    spoke = any(isinstance(event, Text | Thinking | ToolCall) for event in events)
    if not ended:
        assert events[-1].code == ("broken_stream" if spoke else "empty_stream")  # type: ignore[union-attr]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(answers, st.sampled_from(dialects.DIALECTS), st.data())
def test_unknown_fields_and_another_order_of_keys_change_nothing(
    answer: Answer, dialect: str, draw: st.DataObject
) -> None:
    def stranger(value: Any) -> Any:
        if isinstance(value, list):
            return [stranger(item) for item in value]
        if not isinstance(value, dict):
            return value
        extra = draw.draw(st.dictionaries(st.text(min_size=1, max_size=4).map("x_".__add__), json_values, max_size=2))
        return dict(draw.draw(st.permutations([*((k, stranger(v)) for k, v in value.items()), *extra.items()])))

    content = stream(dialect, answer)
    lines = [line.removeprefix(b"data: ") for line in content.split(b"\n\n")]
    fuzzed = b"".join(
        dialects.event(stranger(json.loads(line))) if line.startswith(b"{") else b"data: " + line + b"\n\n"
        for line in lines
        if line
    )
    assert joined(decode(fuzzed)[1]) == joined(decode(content)[1])


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"data: ", b"\n\n", b"{", b'"choices":', b"[", b"}", b"]"])))
def test_no_bytes_at_all_make_it_raise(chunks: list[bytes]) -> None:
    decoder, events = decode(*chunks)
    assert decoder.complete or isinstance(events[-1], Fault)
    assert decoder.finish() == []


@given(st.dictionaries(st.sampled_from(["choices", "usage", "error", "id", "code", "message"]), json_values))
def test_known_fields_of_a_wrong_type_end_in_a_fault_or_nothing(body: dict[str, Any]) -> None:
    events = decode(data(**body))[1]
    assert isinstance(events[-1], Fault)


# --- shapes -----------------------------------------------------------------------------------------------------------


def test_the_documented_sample_of_alibaba() -> None:
    """Facts 1.4, verbatim: role first, nulls everywhere, usage on a last chunk without choices."""
    answer = Answer(text=("我是", "千问。"), usage=USAGE | {"prompt_tokens_details": {"audio_tokens": None}})
    decoder, events = decode(stream("alibaba", answer))
    assert events == [Text("我是千问。"), Finish("stop"), Reported(Usage(input=22, output=17))]
    assert decoder.request_id == dialects.ID


def test_pieces_that_arrive_together_are_one_event() -> None:
    decoder = Decoder()
    assert decoder.feed(piece(content="a") + piece(content="b")) == [Text("ab")]
    assert decoder.feed(piece(reasoning="t") + piece(content="c")) == [Thinking("t"), Text("c")]


def test_a_piece_is_told_before_its_blank_line_comes() -> None:
    assert Decoder().feed(piece(content="now").rstrip(b"\n") + b"\n") == [Text("now")]


@pytest.mark.parametrize(
    "delta", [{"reasoning_content": "t"}, {"reasoning": "t"}, {"reasoning_content": "t", "reasoning": "t"}]
)
def test_both_names_of_thinking_are_read_and_never_twice(delta: dict[str, str]) -> None:
    assert Decoder().feed(piece(**delta)) == [Thinking("t")]


def test_comments_event_names_ids_and_missing_spaces_are_no_matter() -> None:
    content = b": OPENROUTER PROCESSING\n\nevent: message\nid: 7\nretry: 10\ndata:" + piece(content="a")[6:]
    assert Decoder().feed(content) == [Text("a")]


def test_data_over_several_lines_is_one_event() -> None:
    body = json.dumps({"choices": [{"delta": {"content": "a"}}]}, indent=1).replace("\n", "\ndata: ")
    assert Decoder().feed(f"data: {body}\n\n".encode()) == [Text("a")]


def test_what_follows_done_is_not_read() -> None:
    decoder, events = decode(piece(content="a"), b"data: [DONE]\n\n", piece(content="b"))
    assert (decoder.complete, events) == (True, [Text("a")])


def test_a_missing_done_is_no_fault_once_the_model_has_finished() -> None:
    decoder, events = decode(piece(content="a"), piece("length"))
    assert (decoder.complete, events) == (True, [Text("a"), Finish("length")])


def test_tool_calls_come_in_pieces() -> None:
    calls = [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "id": "", "function": {"name": None, "arguments": '{"a":'}},
        {"index": 0, "id": None, "function": {"arguments": "1}"}},
    ]
    events = decode(*(piece(tool_calls=[call], content=None) for call in calls), piece("tool_calls"))[1]
    assert events == [
        ToolCall(0, "call_1", "f"), ToolCall(0, arguments='{"a":'), ToolCall(0, arguments="1}"), Finish("tool_calls")
    ]  # fmt: skip


def test_one_json_body_in_place_of_a_stream() -> None:
    message = {"role": "assistant", "content": "Hi", "reasoning_content": "hm", "tool_calls": None, "refusal": None}
    body = {"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": USAGE}
    content = json.dumps(body, indent=2).encode()
    decoder, events = decode(content[:9], content[9:])
    assert events[:3] == [Thinking("hm"), Text("Hi"), Finish("stop")]
    assert decoder.complete
    assert isinstance(events[3], Reported)


@pytest.mark.parametrize("content", [b"<html><body>Sign in to the network", b'{"object": "list", "data": []}'])
def test_something_else_than_an_answer_is_named_as_such(content: bytes) -> None:
    (fault,) = decode(content)[1]
    assert isinstance(fault, Fault)
    assert fault.code == "not_a_stream"


def test_reading_of_the_local_model_is_told_as_a_fraction_of_what_is_not_cached() -> None:
    progress = {"total": 1100, "cache": 100, "processed": 500, "time_ms": 9}
    assert Decoder().feed(data(choices=[], prompt_progress=progress)) == [Progress("reading", 0.4)]


def test_a_second_choice_is_not_mixed_in() -> None:
    assert Decoder().feed(data(choices=[{"index": 1, "delta": {"content": "b"}}])) == []


# --- thinking without a parser ----------------------------------------------------------------------------------------


@given(
    st.lists(texts, min_size=1, max_size=4).map(tuple), st.lists(texts, min_size=1, max_size=4).map(tuple), st.data()
)
def test_a_think_block_at_the_start_is_thinking_however_it_is_split(
    thinking: tuple[str, ...], text: tuple[str, ...], draw: st.DataObject
) -> None:
    whole = f"<think>\n{''.join(thinking)}\n</think>\n\n{''.join(text)}"
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(whole)), max_size=8)) | {0, len(whole)})
    decoder, events = decode(*(piece(content=whole[a:b]) for a, b in pairwise(cuts)), piece("stop"))
    assert said(events, Thinking) == "".join(thinking).strip()
    assert said(events) == "".join(text).lstrip()
    assert decoder.complete


@pytest.mark.parametrize("text", ["<thinker>", "  <b>", "<", "a <think> b </think>", "\n\nHi", "<think", "2 < 3"])
def test_what_only_looks_like_a_think_block_stays_text(text: str) -> None:
    assert said(decode(*(piece(content=letter) for letter in text), piece("stop"))[1]) == text


def test_an_empty_think_block_leaves_nothing() -> None:
    assert decode(piece(content="<think>\n\n</think>\n\nHi"), piece("stop"))[1][0] == Text("Hi")


def test_a_think_block_that_never_ends_was_thinking() -> None:
    events = decode(piece(content="<think>on and </th"), piece("length"))[1]
    assert said(events, Thinking) == "on and </th"


def test_a_literal_think_block_stays_where_the_server_has_a_parser() -> None:
    text = "<think> is a tag"
    assert said(decode(piece(content=text), piece("stop"), think_tags=False)[1]) == text
    assert said(decode(piece(reasoning="hm"), piece(content=text), piece("stop"))[1]) == text


# --- errors inside a stream -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (dialects.STREAM_ERRORS["openrouter"], Fault("502 provider_unavailable", "Provider disconnected")),
        (dialects.STREAM_ERRORS["alibaba"],
         Fault("data_inspection_failed", "Output data may contain inappropriate content.")),
        ({"code": "InternalError", "message": "m", "request_id": "r"}, Fault("InternalError", "m")),
        ({"errors": {"message": "m"}}, Fault("", "m")),
        ({"error": "m"}, Fault("", "m")),
        ({"choices": [{"finish_reason": "error", "error": {"code": 429, "message": "m"}}]}, Fault("429", "m")),
        ({"choices": [{"delta": {}, "finish_reason": "error"}]}, Fault("", "no reason given")),
    ],
)  # fmt: skip
def test_an_error_inside_a_stream_ends_it_and_keeps_the_text(body: dict[str, Any], fault: Fault) -> None:
    decoder, events = decode(piece(content="so far"), dialects.event(body), piece(content="no"), b"data: [DONE]\n\n")
    assert events == [Text("so far"), fault]
    assert not decoder.complete


def test_errors_come_as_named_events_and_as_error_lines_too() -> None:
    body = json.dumps({"error": {"code": 500, "message": "m", "type": "server_error"}}).encode()
    for content in (b"event: error\ndata: " + body + b"\n\n", b"error: " + body + b"\n\n"):
        assert decode(piece(content="a"), content)[1] == [Text("a"), Fault("500 server_error", "m")]


def test_usage_that_came_before_an_error_is_kept() -> None:
    assert [type(event) for event in decode(data(choices=[], usage=USAGE), data(error="m"))[1]] == [Reported, Fault]


def test_a_garbled_piece_is_a_fault_not_a_gap() -> None:
    events = decode(piece(content="a"), b'data: {"choices": [{"del\n\n', piece(content="c"), piece("stop"))[1]
    assert [type(event) for event in events] == [Text, Fault]


# --- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "usage"),
    [
        ({}, Usage(input=22, output=17)),
        ({"prompt_tokens_details": None, "completion_tokens_details": None}, Usage(input=22, output=17)),
        ({"prompt_tokens_details": {"cached_tokens": 20}},
         Usage(input=22, cached=20, cache_kind="implicit", output=17)),
        # explicit cache of Alibaba (facts 1.4): a write, then a hit
        (
            {"prompt_tokens_details": {"cached_tokens": 0, "cache_type": "ephemeral", "cache_creation_input_tokens": 12,
                                       "cache_creation": {"ephemeral_5m_input_tokens": 12}}},
            Usage(input=22, cache_kind="explicit", cache_write=12, output=17),
        ),
        ({"prompt_tokens_details": {"cache_creation": {"ephemeral_5m_input_tokens": 12}}},
         Usage(input=22, cache_kind="explicit", cache_write=12, output=17)),
        ({"prompt_tokens_details": {"cached_tokens": 12, "cache_type": "ephemeral", "cache_creation_input_tokens": 0}},
         Usage(input=22, cached=12, cache_kind="explicit", output=17)),
        # OpenRouter (facts 3.3)
        ({"prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 9}},
         Usage(input=22, cached=2, cache_kind="explicit", cache_write=9, output=17)),
        ({"completion_tokens_details": {"reasoning_tokens": 9, "text_tokens": 17}},
         Usage(input=22, output=17, thinking=9)),
        ({"completion_tokens_details": {"reasoning_tokens": 30}}, Usage(input=22, output=47, thinking=30)),
    ],
)  # fmt: skip
def test_usage_of_every_provider(extra: dict[str, Any], usage: Usage) -> None:
    """`cached` and `cache_write` are parts of the input, `thinking` of the output."""
    assert decode(data(choices=[], usage=USAGE | extra), b"data: [DONE]\n\n")[1] == [Reported(usage)]


def test_usage_may_come_with_the_last_choice_inside_it_or_with_every_piece() -> None:
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}
    for body in (
        {"choices": [choice], "usage": USAGE},
        {"choices": [choice | {"usage": USAGE}]},
    ):
        assert decode(dialects.event(body))[1][-1] == Reported(Usage(input=22, output=17))
    running = [data(choices=[choice], usage=USAGE | {"completion_tokens": n}) for n in (1, 2, 3)]
    assert [e.usage.output for e in decode(*running)[1] if isinstance(e, Reported)] == [3]


def test_thinking_that_is_not_counted_apart_is_estimated_by_its_share() -> None:
    content = [
        piece(reasoning="t" * 30),
        piece(content="a" * 10),
        data(choices=[], usage=USAGE | {"completion_tokens": 8}),
    ]
    (reported,) = (event for event in decode(*content)[1] if isinstance(event, Reported))
    assert (reported.usage.thinking, reported.usage.basis) == (6, {"thinking": "estimated"})


@pytest.mark.parametrize(
    ("extra", "cost"),
    [
        ('"cost": 0.00014400000000000001', "0.00014400000000000001"),
        ('"cost": 1e-7', "1E-7"),
        ('"cost": 0.05, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.95}', "1.00"),
        ('"cost": 0', "0"),
        ('"cost": null', None),
        ('"cost": {"total": 1}', None),
        ('"cost": -1', None),
    ],
)
def test_a_reported_cost_keeps_every_digit(extra: str, cost: str | None) -> None:
    usage = json.dumps(USAGE)[:-1] + f", {extra}}}"
    (reported,) = decode(f'data: {{"choices": [], "usage": {usage}}}\n\ndata: [DONE]\n\n'.encode())[1]
    assert isinstance(reported, Reported)
    assert reported.cost == (None if cost is None else Decimal(cost))


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": None, "completion_tokens": None}, {"total_tokens": 3}, "none"])
def test_usage_without_counts_is_missing(usage: object) -> None:
    assert decode(piece("stop"), data(choices=[], usage=usage))[1] == [Finish("stop")]
