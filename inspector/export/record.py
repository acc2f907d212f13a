"""Exchanges, messages and workers as JSON objects, with the vocabulary of the program as keys.

Pure. Bytes are text where they are UTF-8, and ``{"$bytes": latin-1}`` where they are not; headers are lists of
``[name, value]``; what had no form at the interface is ``{"$object": [type, short form]}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from inspector import tagged
from inspector.export.stalls import stall_record
from inspector.export.timings import milliseconds, timings
from inspector.heads import parse_head
from inspector.model import Body, Exchange, Finding, Instance, LogLine, Message, Stall, Worker, WorkerEvent


@dataclass(frozen=True, slots=True)
class Record:
    """An exchange with what belongs to it. ``wall_ns``: nanoseconds since 1970 when it began.

    ``mark`` and ``comment`` are what somebody wrote to it.
    """

    exchange: Exchange
    messages: list[Message] = field(default_factory=list)
    worker: Worker | None = None
    mode: str = ""
    wall_ns: int = 0
    mark: str = field(default="", kw_only=True)
    comment: str = field(default="", kw_only=True)
    stalls: list[Stall] = field(default_factory=list, kw_only=True)  #: of its event loop, meanwhile
    findings: Sequence[Finding] = field(default=(), kw_only=True)  #: rules of the contract that it breaks
    proxy: str = ""  #: the URL at which it came in


def to_line(fields: dict[str, Any]) -> str:
    """``fields`` as one line of JSON, in ASCII."""
    return json.dumps(fields, separators=(",", ":"), allow_nan=False)


def exchange_record(record: Record) -> dict[str, Any]:
    """One line of ``ls --json``: the exchange, its worker, its environ or scope, its messages in order."""
    exchange, worker = record.exchange, record.worker
    begun = exchange.opened_ns or exchange.called_ns
    fields: dict[str, Any] = {
        "exchange": exchange.id,
        "kind": str(exchange.kind),
        "state": str(exchange.state),
        "method": exchange.method,
        "target": exchange.target,
        "status": exchange.status,
        "client": exchange.client,
        "http_version": exchange.http_version,
        "instance": exchange.instance,
        "mode": record.mode,
        "worker": exchange.worker,
        "slot": worker.slot if worker else 0,
        "pid": worker.pid if worker else 0,
        "generation": worker.generation if worker else 0,
        "cause": worker.cause if worker else "",
        "interface": exchange.interface,
        "task": exchange.task,
        "timings": timings(exchange),
        "began": record.wall_ns / 1e9,
        "request_size": exchange.request_body.size,
        "response_size": exchange.response_body.size,
        "error": exchange.error,
        "exception": exchange.exception,
        "replay_of": exchange.replay_of,
        "replay_run": exchange.replay_run,
        "dropped": exchange.dropped,
        "findings": [_finding(found, record.wall_ns, begun) for found in record.findings],
        "mark": record.mark,
        "comment": record.comment,
    }
    fields.update(context_record(exchange))
    fields["messages"] = [message_record(message, begun) for message in record.messages]
    return fields


def full_record(record: Record) -> dict[str, Any]:
    """One line of ``show --json``: all of it, heads and bodies too."""
    exchange = record.exchange
    request, response = parse_head(exchange.request_head), parse_head(exchange.response_head)
    fields = exchange_record(record)
    messages = fields.pop("messages")
    times = {name: getattr(exchange, name) for name in _TIMES}
    fields["request"] = {"line": request.first, "headers": _pairs(request.headers)}
    fields["request"]["body"] = body_record(exchange.request_body)
    fields["response"] = {"line": response.first, "headers": _pairs(response.headers)}
    fields["response"]["body"] = body_record(exchange.response_body)
    stalls = [stall_record(stall) for stall in record.stalls]
    return {**fields, **times, "stalls": stalls, "messages": messages}


_TIMES = (
    "opened_ns", "forwarded_ns", "called_ns", "started_ns", "first_byte_ns", "last_app_ns", "answered_ns",
    "returned_ns", "closed_ns", "held_ns",
)  # fmt: skip


def context_record(exchange: Exchange) -> dict[str, Any]:
    """``environ`` or ``scope``, whichever the application was called with; nothing where no probe saw the call."""
    if not exchange.context:
        return {}
    return {"environ" if exchange.interface == "WSGI" else "scope": _loaded(exchange.context)}


def _finding(found: Finding, wall_ns: int, begun_ns: int) -> dict[str, Any]:
    from inspector.export.findings import finding_record  # the contract's rules are many, and few exchanges break any

    return finding_record(found, (wall_ns + found.t_ns - begun_ns) / 1e9)


def message_record(message: Message, begun_ns: int) -> dict[str, Any]:
    """One message. ``at``: milliseconds since the exchange began."""
    fields: dict[str, Any] = {
        "seq": message.seq,
        "at": milliseconds(message.t_ns - begun_ns),
        "side": str(message.side),
        "direction": str(message.direction),
        "type": message.type,
        "size": message.size,
    }
    if message.info:
        fields["info"] = _loaded(message.info)
    if message.payload is not None:
        fields["payload"] = plain(message.payload)
    if message.tail:
        fields["tail"] = plain(message.tail)
    if message.sha256:
        fields["sha256"] = message.sha256
    return fields


def body_record(body: Body) -> dict[str, Any]:
    """What is known of a body; ``tail`` only where bytes between it and ``head`` were dropped."""
    fields: dict[str, Any] = {"size": body.size, "truncated": body.truncated, "sha256": body.sha256}
    fields["head"] = plain(body.head)
    if body.tail:
        fields["tail"] = plain(body.tail)
    return fields


def worker_record(
    worker: Worker,
    instance: Instance | None,
    events: Iterable[WorkerEvent],
    restarts: int,
    began: float,
    stalls: Iterable[Stall] = (),
) -> dict[str, Any]:
    """One line of ``workers --json``: a serving process and how it ended. ``began`` in seconds since 1970."""
    return {
        "worker": worker.id,
        "instance": worker.instance,
        "app": instance.app if instance else "",
        "mode": instance.mode if instance else "",
        "slot": worker.slot,
        "generation": worker.generation,
        "pid": worker.pid,
        "state": str(worker.state),
        "began": began,
        "restarts": restarts,
        "timings": _life(worker),
        "exit_code": worker.exit_code,
        "signal": worker.signal,
        "cause": worker.cause,
        "outcome": worker.outcome,
        "in_hand": list(worker.in_hand),
        "stalls": [stall_record(stall) for stall in stalls],
        "events": [{"event": e.event, "t_ns": e.t_ns, "detail": plain(e.detail)} for e in events],
    }


def log_record(line: LogLine, worker: Worker | None, at: float) -> dict[str, Any]:
    """One line of ``logs --json``: a line of output. ``at`` in seconds since 1970."""
    return {
        "at": at,
        "level": line.level,
        "stream": line.stream,
        "instance": line.instance,
        "worker": line.worker,
        "slot": worker.slot if worker else 0,
        "generation": worker.generation if worker else 0,
        "pid": worker.pid if worker else 0,
        "exchange": line.exchange,
        "text": line.text,
    }


def _life(worker: Worker) -> dict[str, float]:
    spans = {"boot": (worker.born_ns, worker.ready_ns), "life": (worker.born_ns, worker.ended_ns)}
    return {name: milliseconds(max(0, end - start)) for name, (start, end) in spans.items() if start and end}


def plain(value: Any) -> Any:
    """``value`` in JSON's types: tuples as lists, bytes as text where they are UTF-8."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else {"$float": repr(value)}
        case bytes():
            return _text_or_bytes(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case dict() if all(isinstance(key, str) for key in value):
            return {key: plain(item) for key, item in value.items()}
        case dict():
            return {"$dict": [[plain(key), plain(item)] for key, item in value.items()]}
        case tagged.Opaque():
            return {"$object": [value.type, value.text]}
    return {"$object": [type(value).__name__, repr(value)[:200]]}


def _text_or_bytes(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"$bytes": value.decode("latin-1")}


def _loaded(text: str) -> Any:
    """Tagged JSON as plain values; text that is none, as it is (a trace may come from anywhere)."""
    try:
        return plain(tagged.loads(text))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return text


def _pairs(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[name, value] for name, value in headers]
