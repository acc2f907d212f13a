"""What differs between two answers to the same request: status, headers, body, and what went over a WebSocket.

Pure. Knows of answers only, not of how they were got. A body is compared by what it is: JSON by structure, an event
stream event by event, text by lines, everything else by length and hash. A difference that says nothing about the
application (the date, the server's name, how the hop framed the body) is *volatile*: listed, but the answers still
count as the same.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from inspector.documents import DEFAULT, VOLATILE_HEADERS, Difference, Rules, common_ends, compare_json, short
from inspector.model import CLIENT_LEFT, Body, Exchange, Message
from inspector.sequences import Conversation, compare_conversations, compare_items, conversation, parse_events

__all__ = [
    "DEFAULT", "VOLATILE_HEADERS", "Answer", "Difference", "Rules", "answer_of", "compare", "dumps", "loads",
    "parse_headers", "rules", "same",
]  # fmt: skip

#: Attributes of a cookie that move with the clock (RFC 6265 4.1.1).
_VOLATILE_ATTRIBUTES = ("expires=", "max-age=")

_MOST_LINES = 2_000  #: lines that are aligned with one another; above, a changed region is reported whole
_SWITCHED = 101  #: the status with which a WebSocket begins
_DECODED_LIMIT = 16 * 2**20  #: bytes that a compressed body may become
_TEXTUAL = re.compile(r"text/|[/+]xml\b|javascript|x-www-form-urlencoded|[/+]json\b|yaml|graphql", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One side of a comparison. ``status`` is 0 where there was no response; ``error`` says why.

    ``left``: its client went away before its end. ``archived``: it comes out of an archive, which keeps bodies without
    their content coding. ``conversation``: what went over a WebSocket, if it is one.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = field(default_factory=Body)
    error: str = ""
    left: bool = False
    archived: bool = False
    conversation: Conversation | None = None


def rules(ignore: Iterable[str] = (), *, header_order: bool = False) -> Rules:
    """The default rules and what the user wants ignored: a name is a header, what starts with ``$`` a place in JSON."""
    names = list(ignore)
    return Rules(
        volatile_headers=VOLATILE_HEADERS | {name.lower() for name in names if not name.startswith("$")},
        volatile_paths=tuple(name for name in names if name.startswith("$")),
        header_order=header_order,
    )


def answer_of(exchange: Exchange, messages: Iterable[Message] = ()) -> Answer:
    """The response of a recorded exchange, as its client saw it; ``messages`` are those of a WebSocket.

    ``exchange.error`` may be the application's (it raised, its worker died afterwards) though the answer was whole; a
    client knows nothing of that, so it counts only where the answer is missing or was cut.
    """
    headers = parse_headers(exchange.response_head)
    error = exchange.error if _incomplete(exchange, headers) else ""
    said = conversation(messages) if exchange.status == _SWITCHED else None
    left = exchange.error.startswith(CLIENT_LEFT)
    archived = not (exchange.client or exchange.called_ns or exchange.replay_run)  # nobody saw it being asked for
    return Answer(exchange.status, headers, exchange.response_body, error, left, archived, said)


def _incomplete(exchange: Exchange, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a failed exchange's response is missing or was cut, and not by its client."""
    if not exchange.status:
        return True
    if exchange.error.startswith(CLIENT_LEFT) or exchange.status == _SWITCHED:  # how a WebSocket ended is compared
        return False
    lengths = _by_name(headers).get("content-length", [])
    if lengths and lengths[0].isdecimal():
        bodiless = exchange.method == "HEAD" or exchange.status in (204, 304)  # RFC 9110 section 8.6
        return not bodiless and exchange.response_body.size < int(lengths[0][:18])
    if not exchange.called_ns:  # no probe saw an application, so the failure is the wire's
        return True
    # Chunks do not tell. The server makes an answer of its own where the application never began one.
    return bool(exchange.started_ns and not exchange.last_app_ns)


def parse_headers(head: bytes) -> tuple[tuple[str, str], ...]:
    """The header fields of a message's head, order and case kept; lines without a colon are left out."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    parted = (line.partition(":") for line in lines)
    return tuple((name, value.strip(" \t")) for name, colon, value in parted if colon)


def compare(original: Answer, replay: Answer, rules: Rules = DEFAULT) -> list[Difference]:
    """Everything that differs, at most ``rules.most`` of it, in the order error, status, headers, body."""
    found: list[Difference] = []
    for difference in _compare(original, replay, rules):
        if len(found) == rules.most:
            break
        found.append(difference)
    return found


def same(differences: Iterable[Difference]) -> bool:
    """Whether nothing but volatile differences is left."""
    return all(difference.volatile for difference in differences)


def dumps(differences: Iterable[Difference]) -> str:
    """As the JSON list that ``inspector.model.ReplayResult`` holds."""
    return json.dumps([difference.plain() for difference in differences])


def loads(text: str) -> list[Difference]:
    """What ``dumps`` wrote. Empty text is an empty list."""
    return [Difference(**item) for item in json.loads(text or "[]")]


def _compare(original: Answer, replay: Answer, rules: Rules) -> Iterator[Difference]:
    if bool(original.error) != bool(replay.error):
        yield Difference(
            "error", "", original.error or None, replay.error or None, _change(original.error, replay.error)
        )
    if original.status != replay.status:
        yield Difference("status", "", original.status or None, replay.status or None)
    if not (original.status and replay.status):
        return  # one of them has no response, so there is nothing to compare
    yield from _compare_headers(original, replay, rules)
    if original.conversation is not None and replay.conversation is not None:
        yield from compare_conversations(original.conversation, replay.conversation, rules)
    elif original.conversation is None and replay.conversation is None:  # else it was refused, which the status says
        yield from _compare_bodies(original, replay, rules)


def _change(original: object, replay: object) -> str:
    """What happened to something whose absence is false."""
    if original and replay:
        return "changed"
    return "removed" if original else "added"


# --- headers ----------------------------------------------------------------------------------------------------------


def _compare_headers(original: Answer, replay: Answer, rules: Rules) -> Iterator[Difference]:
    before, after = _by_name(original.headers), _by_name(replay.headers)
    no_bodies = not original.body.size and not replay.body.size
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, []), after.get(name, [])
        if old == new:
            continue
        volatile = name in rules.volatile_headers
        if name == "set-cookie":
            volatile = volatile or _timeless(old) == _timeless(new)
        elif name == "content-length":  # the bodies themselves are compared; to HEAD it is the answer
            volatile = volatile or not (no_bodies and old and new)
        elif name == "content-encoding":
            volatile = volatile or original.archived or replay.archived
        yield Difference("header", name, _joined(old), _joined(new), _change(old, new), volatile)
    if rules.header_order:
        yield from _compare_order(before, after, rules)


def _by_name(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    return values


def _joined(values: list[str]) -> str | None:
    return short("\n".join(values)) if values else None


def _timeless(cookies: Iterable[str]) -> list[list[str]]:
    """Cookies without the attributes that move with the clock."""
    parted = ([part.strip() for part in cookie.split(";")] for cookie in cookies)
    return [[part for part in parts if not part.lower().startswith(_VOLATILE_ATTRIBUTES)] for parts in parted]


def _compare_order(before: dict[str, list[str]], after: dict[str, list[str]], rules: Rules) -> Iterator[Difference]:
    common = before.keys() & after.keys() - rules.volatile_headers
    old, new = ([name for name in names if name in common] for names in (before, after))
    if old != new:
        yield Difference("header", "(order)", ", ".join(old), ", ".join(new))


# --- bodies -----------------------------------------------------------------------------------------------------------


def _compare_bodies(original: Answer, replay: Answer, rules: Rules) -> Iterator[Difference]:
    if _equal_bytes(original.body, replay.body):
        return
    before, after = _content(original), _content(replay)
    if before is None or after is None:
        yield _difference_of_bytes(original.body, replay.body)
        return
    if before == after:  # compressed differently
        return
    if original.left and (before.startswith(after) or after.startswith(before)):  # one was read for longer
        yield dataclasses.replace(_difference_of_bytes(original.body, replay.body), volatile=True)
        return
    if _is_event_stream(original) and _is_event_stream(replay):
        events = parse_events(before), parse_events(after)
        yield from compare_items(*events, rules, where="event", cut=original.left)
        return
    try:
        yield from compare_json(json.loads(before), json.loads(after), rules)
    except (ValueError, RecursionError):
        yield from _compare_texts(original, replay, before, after)


def _is_event_stream(answer: Answer) -> bool:
    kinds = _by_name(answer.headers).get("content-type", [])
    return bool(kinds) and kinds[0].partition(";")[0].strip().lower() == "text/event-stream"


def _equal_bytes(original: Body, replay: Body) -> bool:
    """Whether the bodies are the same bytes as far as it is known."""
    if original.size != replay.size:
        return False
    if original.truncated or replay.truncated:
        if original.sha256 and replay.sha256:
            return original.sha256 == replay.sha256
        head, tail = min(len(original.head), len(replay.head)), min(len(original.tail), len(replay.tail))
        tails_equal = original.tail[len(original.tail) - tail :] == replay.tail[len(replay.tail) - tail :]
        return tails_equal and original.head[:head] == replay.head[:head]
    return original.head + original.tail == replay.head + replay.tail


def _content(answer: Answer) -> bytes | None:
    """The body without its content coding (RFC 9110 8.4); None if it isn't whole or the coding is not one of zlib's."""
    body = answer.body
    if body.truncated:
        return None
    data = body.head + body.tail
    coding = ",".join(_by_name(answer.headers).get("content-encoding", [])).strip().lower()
    if coding in ("", "identity"):
        return data
    if coding not in ("gzip", "x-gzip", "deflate"):
        return None
    return _inflate(data)


def _inflate(data: bytes) -> bytes | None:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib, by its header
    try:
        content = inflater.decompress(data, _DECODED_LIMIT)
    except zlib.error:
        return None
    return content if inflater.eof else None


def _difference_of_bytes(original: Body, replay: Body) -> Difference:
    return Difference("body", "", _described(original), _described(replay))


def _described(body: Body) -> str:
    digest = body.sha256
    if not digest and not body.truncated:
        digest = hashlib.sha256(body.head + body.tail).hexdigest()
    return f"{body.size} bytes" + (f", SHA-256 {digest}" if digest else "")


def _compare_texts(original: Answer, replay: Answer, before: bytes, after: bytes) -> Iterator[Difference]:
    old, new = _text(original, before), _text(replay, after)
    if old is None or new is None:
        yield _difference_of_bytes(original.body, replay.body)
    else:
        yield from _compare_lines(old.splitlines(keepends=True), new.splitlines(keepends=True))


def _text(answer: Answer, content: bytes) -> str | None:
    """The content as text; None if it is binary, by its type or its bytes."""
    kind = ",".join(_by_name(answer.headers).get("content-type", []))
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1") if _TEXTUAL.search(kind) else None


def _compare_lines(old: list[str], new: list[str]) -> Iterator[Difference]:
    start, end = common_ends(old, new)
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(middle_old), len(middle_new)) > _MOST_LINES:  # aligning takes quadratic time
        blocks = [("replace", 0, len(middle_old), 0, len(middle_new))]
    else:
        blocks = list(difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes())
    for tag, a, b, c, d in blocks:
        if tag != "equal":
            was, now = "".join(middle_old[a:b]), "".join(middle_new[c:d])
            path = _lines(start + a, start + b) if b > a else f"after line {start + a}"
            yield Difference("body", path, short(was) if was else None, short(now) if now else None, _change(was, now))


def _lines(start: int, end: int) -> str:
    """Lines ``start`` to ``end``, counted from 0 and without the last, as people count."""
    return f"line {start + 1}" if end == start + 1 else f"lines {start + 1}-{end}"
