"""The calls of one worker, as its probe tells of them, made into exchanges and messages.

Pure but for the recorder and the live exchanges that it tells. Knows no sockets. ``inspector/probe/PROTOCOL.md`` has
the frames.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from inspector import tagged
from inspector.costs import CostMeter
from inspector.frames import Frame
from inspector.levels import Levels, plain
from inspector.live import LiveExchanges
from inspector.model import Direction, Exchange, Kind, LogLine, Side, Stall, Worker, WorkerEvent
from inspector.recording import Recorder

#: Calls that are over and still known: an application may send after it returned, and that is worth seeing.
REMEMBERED = 256

#: Nanoseconds that the beginning of a stall may be off.
EXACT = 50_000_000

_STARTS = frozenset(("http.response.start", "websocket.accept", "websocket.http.response.start", "start_response"))
_PIECES = frozenset(("http.response.body", "websocket.send", "websocket.http.response.body", "iterate", "write"))

_COMMON_INFO = {(name, flag): tagged.dumps({name: flag}) for name in ("more_body", "stop") for flag in (True, False)}


def info_text(info: dict[str, Any] | None) -> str:
    """A message's info as tagged JSON; empty for none. The commonest ones are not worked out each time."""
    if not info:
        return ""
    if len(info) == 1:
        [(name, value)] = info.items()
        if type(value) is bool and (name, value) in _COMMON_INFO:
            return _COMMON_INFO[name, value]
    return tagged.dumps(info)


def last_line(traceback: str) -> str:
    """The exception without its traceback: the last line that is not indented."""
    lines = [line for line in traceback.splitlines() if line and not line[0].isspace()]
    return lines[-1] if lines else "an exception"


def error_sentence(traceback: str) -> str:
    """How an exchange failed whose application raised."""
    last = last_line(traceback)
    name = last.partition(":")[0].rpartition(".")[2]
    if name == "CancelledError":
        return "the server cancelled the application's task"
    return f"the application raised {last[:300]}"


class Calls:
    """What one worker is doing, by its own numbers."""

    def __init__(self, recorder: Recorder, live: LiveExchanges, worker: Worker) -> None:
        self._recorder = recorder
        self._live = live
        self._worker = worker
        self._open: dict[int, Exchange] = {}
        self._over: OrderedDict[int, Exchange] = OrderedDict()
        self._levels = Levels()
        self._stall: Stall | None = None  # which goes on
        self._meter = CostMeter()
        self._taken: dict[str, Callable[..., None]] = {
            "call": self._call, "msgs": self._messages, "done": self._done, "stall": self._stalled,
            "cost": self._measured,
        }  # fmt: skip

    def take(self, frame: Frame) -> bool:
        """Take in ``frame``, which has its right shape; false if it is not about a call."""
        handler = self._taken.get(frame[0])
        if handler is None:
            return False
        handler(*frame[1:])
        return True

    def over(self, t: int) -> None:
        """The worker is gone: a stall that went on ended with it."""
        if self._stall is not None:
            self._recorder.stall(replace(self._stall, until_ns=max(t, self._stall.from_ns)))
            self._stall = None
        if self._meter.measured and not self._meter.worth_writing:  # otherwise it is written already
            self._write_cost(t)

    def _measured(self, call: int, t: int, spent: int, whole: int) -> None:  # noqa: ARG002  (the frame names its call)
        """What the probe itself cost a call, which is over."""
        self._worker.cost = self._meter.take(spent, whole)
        if self._meter.worth_writing:
            self._write_cost(t)

    def _write_cost(self, t: int) -> None:
        assert self._worker.cost is not None  # something was measured
        self._recorder.worker_event(WorkerEvent(self._worker.id, t, "cost", asdict(self._worker.cost)))

    def _stalled(self, since: int, until: int, call: int, stack: str) -> None:
        """The loop is held up, or was: told twice, first without an end and with the stack."""
        told = self._stall
        if told is None or stack:
            exchange = self._open.get(call) or self._over.get(call)
            if exchange is not None and exchange.called_ns < (until or since + EXACT):
                since = max(since, exchange.called_ns)  # the probe knows it to some milliseconds
            told = Stall(self._worker.id, since, 0, exchange.id if exchange else 0, stack)
        told = replace(told, until_ns=max(until, told.from_ns) if until else 0)
        self._stall = None if until else told
        self._recorder.stall(told)

    def _call(self, exchange_id: int, call: int, t: int, interface: str, kind: str, context: Any, task: str) -> None:
        exchange = self._live.by_id.get(exchange_id)
        if exchange is None or exchange.called_ns:
            exchange = self._own(t, kind, context)
        exchange.worker = self._worker.id
        exchange.instance = exchange.instance or self._worker.instance
        exchange.interface = interface
        exchange.task = task
        exchange.called_ns = t
        exchange.app_done = False
        exchange.context = tagged.dumps(context)
        self._open[call] = exchange
        self._recorder.touch(exchange)
        self._row(exchange, t, Direction.IN, "call")

    def _own(self, t: int, kind: str, context: Any) -> Exchange:
        """An exchange for a call that did not come through the proxy: a lifespan, or a request to the server itself."""
        exchange = Exchange(
            id=self._recorder.new_id("exchange"),
            kind=kind if kind in (Kind.WEBSOCKET, Kind.LIFESPAN) else Kind.HTTP,
            opened_ns=t,
            wire_done=True,
        )
        if kind != Kind.LIFESPAN and type(context) is dict:
            _fill_from_context(exchange, context)
        self._live.add(exchange, expects_app=True)
        return exchange

    def _messages(self, call: int, messages: list[tuple[Any, ...]]) -> None:
        exchange = self._open.get(call) or self._over.get(call)
        if exchange is None:
            self._recorder.dropped("messages of unknown calls", len(messages))
            return
        for message in messages:
            self._message(exchange, *message)

    def _message(
        self, exchange: Exchange, t: int, direction: str, kind: str, size: int, payload: bytes | None, tail: bytes,
        sha256: str, info: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        if kind == "lost" and direction == Direction.IN:
            exchange.dropped += size  # counted for the trace as a whole when the worker says so itself
            self._recorder.touch(exchange)
            return
        if kind in _STARTS:
            exchange.started_ns = exchange.started_ns or t
            if not exchange.request_head:  # else the proxy says what was answered
                exchange.status = _status(kind, info)
            self._recorder.touch(exchange)
        elif kind in _PIECES and direction == Direction.OUT and payload is not None:
            exchange.last_app_ns = t
        elif kind == "errors.write" and payload:
            self._log(exchange, t, payload)
        number, text = exchange.messages, info_text(info)
        row = (exchange.id, number, t, Side.APP, direction, kind, size, payload, tail, sha256, text)
        exchange.last_type, exchange.last_ns = kind, t
        self._recorder.message(exchange, row)

    def _done(self, call: int, t: int, traceback: str, messages: list[tuple[Any, ...]]) -> None:
        exchange = self._open.pop(call, None)
        if exchange is None:
            self._recorder.dropped("messages of unknown calls", len(messages) + 1)
            return
        for message in messages:
            self._message(exchange, *message)
        self._over[call] = exchange
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)
        error = ""
        if traceback:
            exchange.exception = traceback
            error = error_sentence(traceback)
            self._row(exchange, t, Direction.OUT, "raise", tagged.dumps({"exception": last_line(traceback)}))
        elif exchange.interface != "WSGI":  # there the application returned long before it was done, and has told so
            self._row(exchange, t, Direction.OUT, "return")
        if exchange.id not in self._live.by_id:
            return  # its worker was given up meanwhile
        if exchange.wire_done and not exchange.closed_ns:
            exchange.closed_ns = t
        self._live.app_returned(exchange, t, error)

    def _row(self, exchange: Exchange, t: int, direction: str, kind: str, info: str = "") -> None:
        exchange.last_type, exchange.last_ns = kind, t
        self._recorder.message(
            exchange, (exchange.id, exchange.messages, t, Side.APP, direction, kind, 0, None, b"", "", info)
        )

    def _log(self, exchange: Exchange, t: int, payload: bytes) -> None:
        for line in payload.decode("utf-8", "replace").splitlines():
            level = self._levels.of(exchange.id, plain(line))
            if line.strip():
                instance, worker = exchange.instance, self._worker.id
                self._recorder.log(LogLine(t, instance, worker, "wsgi.errors", line, exchange.id, level))


def _status(kind: str, info: dict[str, Any] | None) -> int:
    status = (info or {}).get("status")
    if kind == "websocket.accept":
        return 101
    if kind == "start_response" and isinstance(status, str):
        return int(status[:3]) if status[:3].isdecimal() else 0
    return status if isinstance(status, int) else 0


def _fill_from_context(exchange: Exchange, context: dict[str, Any]) -> None:
    """What the wire would have told, as far as the application's side knows it."""
    if "REQUEST_METHOD" in context:
        path = f"{context.get('SCRIPT_NAME', '')}{context.get('PATH_INFO', '')}"
        query, client = context.get("QUERY_STRING"), context.get("REMOTE_ADDR")
        exchange.method = str(context["REQUEST_METHOD"])
        exchange.client = f"{client}:{context.get('REMOTE_PORT', '')}" if client else ""
        exchange.http_version = str(context.get("SERVER_PROTOCOL", "")).partition("/")[2] or exchange.http_version
    else:
        raw, query = context.get("raw_path"), context.get("query_string")
        path = raw.decode("latin-1") if isinstance(raw, bytes) else str(context.get("path", ""))
        query = query.decode("latin-1") if isinstance(query, bytes) else query
        exchange.method = str(context.get("method", "GET" if context.get("type") == "websocket" else ""))
        client = context.get("client")
        exchange.client = ":".join(map(str, client)) if isinstance(client, tuple | list) else ""
        exchange.http_version = str(context.get("http_version", exchange.http_version))
    exchange.target = f"{path}?{query}" if query else path
