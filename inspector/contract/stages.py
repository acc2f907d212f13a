"""The stages of an ASGI call, one machine for each protocol: tables of what may be sent, and received, at which stage.

Pure, and without a rule: which one a step breaks that no table has is said where the rules stand. A message that the
server refused does not change the stage, since for the server it was never sent.

Source: the ASGI specification's HTTP & WebSocket message format 2.5, its lifespan protocol 2.0, and its extensions.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from inspector.contract.event import Event


class Stage(enum.StrEnum):
    """Where a call stands."""

    NEW = "new"  #: nothing was sent; of a WebSocket or lifespan nothing was received either
    # http
    STARTED = "started"
    SENDING = "sending"  #: a part of the body is out
    PROMISED = "promised"  #: started, with trailers announced
    TRAILERS = "trailers"  #: the body is complete, the trailers are due
    DONE = "done"
    FILE_SENT = "file sent"  #: done, by a path
    TRAILED = "trailed"  #: done, trailers and all
    # websocket
    CONNECTING = "connecting"
    OPEN = "open"
    DENYING = "denying"  #: a response in place of the WebSocket has begun
    CLOSED = "closed"  #: by the application
    GONE = "gone"  #: the peer is: the application was told
    # lifespan
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


#: An HTTP response is complete.
COMPLETE = frozenset((Stage.DONE, Stage.FILE_SENT, Stage.TRAILED))

Table = dict[Stage, dict[str, Stage]]

# A step is a message's type; "+" behind it: more follows; "!" behind a start: it announces trailers.
_BODY, _ZERO, _PATH = "http.response.body", "http.response.zerocopysend", "http.response.pathsend"
_PUSH, _TRAILERS = "http.response.push", "http.response.trailers"

HTTP: Table = {
    Stage.NEW: {
        "http.response.debug": Stage.NEW,
        "http.response.early_hint": Stage.NEW,
        "http.response.start": Stage.STARTED,
        "http.response.start!": Stage.PROMISED,
    },
    Stage.STARTED: {
        _BODY + "+": Stage.SENDING, _BODY: Stage.DONE, _ZERO + "+": Stage.SENDING, _ZERO: Stage.DONE,
        _PATH: Stage.FILE_SENT, _PUSH: Stage.STARTED,
    },
    Stage.SENDING: {
        _BODY + "+": Stage.SENDING, _BODY: Stage.DONE, _ZERO + "+": Stage.SENDING, _ZERO: Stage.DONE,
        _PUSH: Stage.SENDING,
    },
    Stage.PROMISED: {
        _BODY + "+": Stage.PROMISED, _BODY: Stage.TRAILERS, _ZERO + "+": Stage.PROMISED, _ZERO: Stage.TRAILERS,
        _PATH: Stage.TRAILERS, _PUSH: Stage.PROMISED,
    },
    Stage.TRAILERS: {_TRAILERS + "+": Stage.TRAILERS, _TRAILERS: Stage.TRAILED},
    Stage.DONE: {},
    Stage.FILE_SENT: {},
    Stage.TRAILED: {},
}  # fmt: skip

_GONE = {"websocket.disconnect": Stage.GONE}
WEBSOCKET: Table = {
    Stage.NEW: {"websocket.connect": Stage.CONNECTING, **_GONE},
    Stage.CONNECTING: {
        "websocket.accept": Stage.OPEN,
        "websocket.close": Stage.CLOSED,
        "websocket.http.response.start": Stage.DENYING,
        **_GONE,
    },
    Stage.OPEN: {
        "websocket.receive": Stage.OPEN,
        "websocket.send": Stage.OPEN,
        "websocket.close": Stage.CLOSED,
        **_GONE,
    },
    Stage.DENYING: {
        "websocket.http.response.body+": Stage.DENYING,
        "websocket.http.response.body": Stage.CLOSED,
        **_GONE,
    },
    # What the peer had sent before it knew may still be received.
    Stage.CLOSED: {"websocket.receive": Stage.CLOSED, "websocket.disconnect": Stage.CLOSED},
    Stage.GONE: {"websocket.disconnect": Stage.GONE},
}
LIFESPAN: Table = {
    Stage.NEW: {"lifespan.startup": Stage.STARTING},
    Stage.STARTING: {"lifespan.startup.complete": Stage.RUNNING, "lifespan.startup.failed": Stage.FAILED},
    Stage.RUNNING: {"lifespan.shutdown": Stage.STOPPING},
    Stage.FAILED: {"lifespan.shutdown": Stage.FAILED},
    Stage.STOPPING: {"lifespan.shutdown.complete": Stage.STOPPED, "lifespan.shutdown.failed": Stage.STOPPED},
    Stage.STOPPED: {},
}
TABLES = {"http": HTTP, "websocket": WEBSOCKET, "lifespan": LIFESPAN}
_STEPS = {protocol: frozenset(name for row in table.values() for name in row) for protocol, table in TABLES.items()}
#: Where a step that is out of order leads nonetheless: so that what comes after is not out of order as well.
ANYWAY = {
    (Stage.NEW, "websocket.accept"): Stage.OPEN,
    (Stage.NEW, "websocket.close"): Stage.CLOSED,
    (Stage.NEW, "websocket.http.response.start"): Stage.DENYING,
    (Stage.DENYING, "websocket.close"): Stage.CLOSED,
    (Stage.NEW, "lifespan.startup.complete"): Stage.RUNNING,
    (Stage.NEW, "lifespan.startup.failed"): Stage.FAILED,
    (Stage.RUNNING, "lifespan.shutdown.complete"): Stage.STOPPED,
    (Stage.RUNNING, "lifespan.shutdown.failed"): Stage.STOPPED,
}
#: What only a server says.
_INCOMING = frozenset(
    ("websocket.connect", "websocket.receive", "websocket.disconnect", "lifespan.startup", "lifespan.shutdown")
)
#: Who says that more follows, and by which key.
_MORE = {
    _BODY: "more_body",
    _ZERO: "more_body",
    _TRAILERS: "more_trailers",
    "websocket.http.response.body": "more_body",
}
_DISCONNECTS = ("http.disconnect", "websocket.disconnect")


@dataclass(slots=True)
class Walk:
    """The way of one call through its machine."""

    last: Stage = Stage.NEW
    before: dict[int, Stage] = field(default_factory=dict)  #: the stage that each message, by its number, came in
    strays: list[tuple[Event, Stage, str]] = field(default_factory=list)  #: who had no place there, and the step
    start: Event | None = None  #: ``http.response.start``, or that of a denial, as the server took it
    done_ns: int = 0  #: when the response was complete, or the WebSocket closed
    gone_ns: int = 0  #: when the application was told that the client is gone, if that was before


def step(event: Event) -> str:
    """What ``event`` is in the tables."""
    key = _MORE.get(event.type)
    if key is not None and event.info.get(key):
        return event.type + "+"
    if event.type == "http.response.start" and event.info.get("trailers") is True:
        return event.type + "!"
    return event.type


def walk(protocol: str, events: list[Event], refused: dict[int, str]) -> Walk:
    """Take the messages of a call through the machine of ``protocol``, which is empty where there is none."""
    way = Walk()
    if protocol not in TABLES:
        return way
    table, ours = TABLES[protocol], _STEPS[protocol]
    stage = way.last
    for event in events:
        way.before[event.seq] = stage
        if event.type in _DISCONNECTS and event.direction == "in":
            way.gone_ns = way.gone_ns or (0 if way.done_ns else event.t_ns)
        name = step(event)
        if name not in ours or (name in _INCOMING) != (event.direction == "in"):
            continue
        after = table[stage].get(name)
        if after is None:
            way.strays.append((event, stage, name))
            after = ANYWAY.get((stage, name), stage)
        if event.seq in refused:
            continue
        if event.type.endswith(".start") and way.start is None:
            way.start = event
        if stage is not after and (after in COMPLETE or after is Stage.CLOSED):
            way.done_ns = event.t_ns
        stage = after
    way.last = stage
    return way
