"""The values that the whole program talks about: exchanges, messages, workers, instances.

Pure: no I/O and no clock; times are handed in. All times are nanoseconds of the machine's monotonic clock
(``time.monotonic_ns``), which every process of the machine shares; a trace says once how that maps to wall time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class Kind(enum.StrEnum):
    """What sort of exchange: by its response, an HTTP exchange may turn out to be a stream of server-sent events."""

    HTTP = "http"
    SSE = "sse"
    WEBSOCKET = "websocket"
    LIFESPAN = "lifespan"


class State(enum.StrEnum):
    """Where an exchange stands.

    ``open``: somebody still works on it, on the wire or in the worker. ``done``: it ended as the protocol says.
    ``failed``: it was cut (client gone, upstream gone, worker died, exception after the response began); ``error``
    says how.
    """

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class Side(enum.StrEnum):
    """Who saw a message: the proxy on the wire, or the probe at the application."""

    WIRE = "wire"
    APP = "app"


class Direction(enum.StrEnum):
    """``in``: towards the application. ``out``: away from it."""

    IN = "in"
    OUT = "out"


#: A worker's causes that mean nothing went wrong; empty while it lives.
PEACEFUL_CAUSES = frozenset({"", "graceful", "scale-down", "reload", "max-requests", "recycled"})

#: How ``ReplayResult.error`` begins for what was not sent on purpose, such as a lifespan.
NOT_REPLAYED = "not replayed: "

#: How ``Exchange.error`` begins when it was the client who ended an exchange early.
CLIENT_LEFT = "the client closed the connection"


class WorkerState(enum.StrEnum):
    """A worker's life: ``starting`` -> ``ready`` (<-> ``paused``) -> (``stopping`` ->) ``exited``."""

    STARTING = "starting"
    READY = "ready"
    PAUSED = "paused"
    STOPPING = "stopping"
    EXITED = "exited"


@dataclass(slots=True)
class Body:
    """A request's or response's body as it passed: the length and hash always, the bytes up to a limit at each end.

    ``head`` is everything while ``truncated`` is false. ``sha256`` is hex, or empty until known (the store hashes
    complete bodies itself when it writes them).
    """

    size: int = 0
    head: bytes = b""
    tail: bytes = b""
    sha256: str = ""

    @property
    def truncated(self) -> bool:
        """Whether bytes between head and tail were dropped."""
        return self.size > len(self.head) + len(self.tail)


@dataclass(slots=True)
class Exchange:
    """One request with all that belongs to it. Mutable while it runs; the store writes it whenever it is touched.

    The proxy owns the wire fields, the collector the application fields; both write the same object on one thread.
    Times are monotonic nanoseconds, 0 while they have not happened:
        opened_ns       first byte of the request at the proxy (or the application called, without a proxy)
        forwarded_ns    the request's head was sent on to the server
        called_ns       the server called the application
        started_ns      the application started its response
        first_byte_ns   first byte of the response at the proxy
        last_app_ns     the application handed over the last byte of its body
        answered_ns     last byte of the response at the proxy; 0 where it was cut, switched protocols, or is our own
        returned_ns     the application's call ended (after background work, after ``close()``)
        closed_ns       last byte of the response sent to the client, or the connection cut
    ``held_ns`` is no moment: for how long, in all, there were bytes for the client that its socket did not take.
    """

    id: int
    kind: str = Kind.HTTP
    state: str = State.OPEN
    instance: int = 0  #: id of the instance it was sent to; 0: none took it
    worker: int = 0  #: id of the worker row; 0: unknown
    client: str = ""  #: "host:port"
    method: str = ""
    target: str = ""  #: request target as on the wire (path and query), latin-1
    http_version: str = "1.1"
    status: int = 0  #: 0: no response (yet)
    opened_ns: int = 0
    forwarded_ns: int = 0
    called_ns: int = 0
    started_ns: int = 0
    first_byte_ns: int = 0
    last_app_ns: int = 0
    answered_ns: int = 0
    returned_ns: int = 0
    closed_ns: int = 0
    held_ns: int = 0
    request_head: bytes = b""  #: as the client sent it, to the blank line and with it
    response_head: bytes = b""  #: as the server sent it
    request_body: Body = field(default_factory=Body)
    response_body: Body = field(default_factory=Body)
    interface: str = ""  #: "WSGI", "ASGI2", "ASGI3": what the probe saw; empty: no probe
    context: str = ""  #: the environ or scope as tagged JSON (``inspector.tagged``)
    task: str = ""  #: thread or asyncio task that ran the application
    exception: str = ""  #: the traceback that left the application
    error: str = ""  #: how it failed, one sentence
    replay_of: int = 0  #: the original exchange's id
    replay_run: int = 0  #: the replay it belongs to
    messages: int = 0  #: how many messages were seen (``Recorder.message`` counts)
    dropped: int = 0  #: messages or payloads not recorded
    # bookkeeping, not stored
    dirty: bool = False
    wire_done: bool = False
    app_done: bool = True  #: false from the call until the application returned
    last_type: str = ""  #: the last message at the application, and when it was
    last_ns: int = 0
    retired: bool = False  #: a WebSocket that our proxy closed, because its server was replaced or stopped


@dataclass(frozen=True, slots=True)
class Message:
    """One event of an exchange.

    ``type`` on the wire side: ``request.head request.body request.end response.head response.body response.end
    informational ws.text ws.binary ws.ping ws.pong ws.close client.gone upstream.gone``.
    On the application side an ASGI message has its own type (``http.request``, ``websocket.send``, ...) and WSGI's are
    ``start_response write iterate close input.read input.readline input.readlines input.iterate errors.write``;
    both have ``call return raise``.
    ``info`` is tagged JSON of everything but the payload (for ``start_response`` status, headers and exc_info; for an
    ASGI message its other keys; ``"payload": "text"`` where the payload was a ``str``). ``payload`` holds at most the
    limit's bytes, ``tail`` the last ones if it was cut.
    """

    exchange: int
    seq: int
    t_ns: int
    side: str
    direction: str
    type: str
    size: int = 0
    payload: bytes | None = None
    tail: bytes = b""
    sha256: str = ""
    info: str = ""


def by_time(messages: Iterable[Message]) -> list[Message]:
    """``messages`` in the order they happened.

    Their numbers tell in which order they came to be known: the wire's and the application's come by two ways.
    """
    return sorted(messages, key=lambda message: (message.t_ns, message.seq))


@dataclass(slots=True)
class Instance:
    """One launch of a target in a mode."""

    id: int
    app: str  #: the application's name in the supervisor
    target: str  #: import string
    mode: str  #: slug
    interface: str
    workers: int
    threads: int
    adapted: bool = False
    command: str = ""  #: the production command
    pid: int = 0
    started_ns: int = 0
    ready_ns: int = 0
    ended_ns: int = 0
    outcome: str = ""  #: how it ended, one sentence
    url: str = ""  #: the proxy's address in front of it


@dataclass(frozen=True, slots=True)
class ProbeCost:
    """What the probe itself costs a call of the application in one worker: the median of the calls measured lately."""

    probe_ns: int
    call_ns: int  #: how long such a call took, with what the probe took of it
    measured: int  #: how many calls have been measured so far


@dataclass(slots=True)
class Worker:
    """One serving process of an instance."""

    id: int
    instance: int
    slot: int  #: 1.., stable
    generation: int  #: 1.., how many processes this slot has had
    pid: int
    state: str = WorkerState.STARTING
    born_ns: int = 0
    ready_ns: int = 0
    ended_ns: int = 0
    exit_code: int | None = None  #: exit status, None when a signal ended it or while it lives
    signal: int = 0
    cause: str = ""  #: one word or two: "graceful", "killed", "crash", "exit", ...
    outcome: str = ""  #: the same in a sentence, e.g. "killed by SIGKILL (not sent by its master)"
    in_hand: tuple[int, ...] = ()  #: exchanges it had in hand when it ended
    cost: ProbeCost | None = None  #: None: not measured; written as an event ``cost``


@dataclass(frozen=True, slots=True)
class WorkerEvent:
    """Something that happened to a worker: ``born ready paused resumed exited``, with details as JSON.

    ``cost`` tells what a ``ProbeCost`` does, with its fields as details; the last one of a worker counts.
    """

    worker: int
    t_ns: int
    event: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a server's or application's output."""

    t_ns: int
    instance: int
    worker: int  #: 0: unknown
    stream: str  #: "stdout", "stderr", "wsgi.errors"
    text: str
    exchange: int = 0
    level: str = ""  #: as it names itself: debug, info, warning, error, critical; empty: it does not say


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which a worker's event loop ran one callback and nothing else: everybody on it waited.

    Recorded when it is noticed, and with the same ``from_ns`` again when it is over.
    """

    worker: int
    from_ns: int
    until_ns: int  #: 0: it goes on
    exchange: int = 0  #: whose task held it; 0: unknown
    stack: str = ""  #: where it was, innermost frame last, as a traceback prints it; empty: nobody looked in time


class Fault(enum.StrEnum):
    """Who broke a rule: ``application`` is all within the outermost callable, ``server`` what calls it."""

    APPLICATION = "application"
    SERVER = "server"


class Severity(enum.StrEnum):
    """``violation``: against a MUST of the specification. ``warning``: against a SHOULD, or another server would do
    otherwise. ``note``: good to know.
    """

    VIOLATION = "violation"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule of the contract (``inspector.contract``) that was broken in an exchange."""

    exchange: int
    rule: str  #: its id, e.g. "WSGI-SR-16"
    severity: str
    fault: str
    seq: int = -1  #: the message that shows it; -1: the call, or the exchange as a whole
    t_ns: int = 0
    detail: str = ""  #: what was seen, one sentence


@dataclass(slots=True)
class ReplayRun:
    """One replay: what was sent where, and how far it is."""

    id: int
    source: str  #: path of the trace the originals are in; empty: this one
    url: str
    speed: str  #: "original", a factor, "max"
    total: int
    started_ns: int = 0
    ended_ns: int = 0
    state: str = "running"  #: running, finished, cancelled, failed
    error: str = ""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """One replayed exchange beside its original. ``differences`` is a JSON list, see ``inspector.diff``."""

    run: int
    original: int
    exchange: int  #: 0: it could not be sent
    same: bool
    differences: str
    error: str = ""


@dataclass(slots=True)
class Trial:
    """One mode's turn in a comparison: an instance of its own, and a replay through it that was measured.

    ``state``: ``waiting starting running finished``, or how else it ended: ``impossible`` (it could not be started,
    ``problem`` says why), ``cancelled``, ``failed``. What came back is in the exchanges and results of ``run``. Memory
    and processor time are those of all processes of the instance together, from the first measured request to the last
    answer; memory is what is theirs alone and their part of what they share (proportional set size).
    """

    id: int
    mode: str  #: slug
    workers: int
    threads: int
    round: int  #: 1.., each round tries every mode once
    concurrency: int  #: requests under way at once, at full speed
    run: int = 0  #: id of the replay; 0: it never began
    instance: int = 0
    state: str = "waiting"
    problem: str = ""
    warmed: int = 0  #: requests that were sent before the measured ones
    memory_peak: int = 0  #: bytes
    memory_mean: int = 0
    cpu_ns: int = 0  #: processor time
    deaths: int = 0  #: workers that ended otherwise than in peace
