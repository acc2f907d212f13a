"""Recorded calls of WSGI applications, made by hand: as few words as possible for what application and server say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from inspector import tagged
from inspector.contract import Case
from inspector.contract.wsgi import wsgi
from inspector.model import Exchange, Finding, Message, State
from inspector.tagged import Opaque

SECOND = 1_000_000_000
#: When the call ends; events are a millisecond apart, and far from that many.
END = 60 * SECOND

ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/a", "QUERY_STRING": "", "SERVER_NAME": "localhost",
    "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http", "wsgi.input": Opaque("io", "<io>"), "wsgi.errors": Opaque("io", "<io>"),
    "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
}  # fmt: skip
PLAIN = [("Content-Type", "text/plain")]


@dataclass
class Said:
    """An event; ``at`` in nanoseconds, 0: a millisecond after the one before."""

    type: str
    direction: str = "out"
    payload: bytes | None = None
    info: dict[str, Any] = field(default_factory=dict)
    at: int = 0
    size: int = -1


def start(status: Any = "200 OK", headers: Any = PLAIN, **info: Any) -> Said:
    """``start_response``."""
    at = info.pop("at", 0)
    return Said("start_response", info={"status": status, "headers": headers, **info}, at=at)


def ret(kind: str = "list", at: int = 0, **info: Any) -> Said:
    """The callable returned."""
    return Said("return", info={"type": kind, **info}, at=at)


def piece(data: Any, at: int = 0, kind: str = "iterate") -> Said:
    """A piece of the body."""
    if isinstance(data, bytes):
        return Said(kind, payload=data, at=at)
    return Said(kind, info={"data": data}, at=at)


def write(data: Any, at: int = 0) -> Said:
    """The same by ``write()``."""
    return piece(data, at, "write")


def stop(data: bytes | None = None, at: int = 0) -> Said:
    """There is no more, after ``data``."""
    return Said("iterate", payload=data, info={"stop": True}, at=at)


def close(at: int = 0, **info: Any) -> Said:
    """``close()``."""
    return Said("close", "in", info=info, at=at)


def refused(where: str, exception: str, **info: Any) -> Said:
    """The server raised."""
    return Said("raise", "in", info={"from": where, "exception": exception, **info})


def left(exception: str, at: int = 0) -> Said:
    """An exception left the application."""
    return Said("raise", info={"exception": exception}, at=at)


def read(data: Any, *args: Any, kind: str = "read", took: float = 0, at: int = 0, **info: Any) -> Said:
    """A read of the input, which took that many seconds."""
    told = {"args": list(args), "took": took, **info}
    if isinstance(data, bytes):
        return Said(f"input.{kind}", "in", data, told, at)
    return Said(f"input.{kind}", "in", info={**told, "result": data}, at=at)


def said(what: str, direction: str = "out", payload: bytes | None = None, at: int = 0, **info: Any) -> Said:
    """Anything else."""
    return Said(what, direction, payload, info, at)


def wire(what: str, size: int = 0, at: int = 0, **info: Any) -> Said:
    """Something that the proxy saw."""
    return Said(what, "in" if what.startswith(("request", "client")) else "out", None, info, at, size)


def case(
    *events: Said, environ: dict[str, Any] | None = None, without: str = "", wired: tuple[Said, ...] = (), **more: Any
) -> Case:
    """A call that is over. ``environ``: what else is in it, ``without``: and what not; ``more``: of the exchange."""
    context = {key: value for key, value in {**ENVIRON, **(environ or {})}.items() if key not in without.split()}
    exchange = Exchange(
        1, interface="WSGI", state=State.DONE, method="GET", target="/a", status=200, opened_ns=1, called_ns=2,
        returned_ns=END, closed_ns=END, context=tagged.dumps(context),
    )  # fmt: skip
    for name, value in more.items():
        setattr(exchange, name, value)
    messages = [*_messages("app", events), *_messages("wire", wired)]
    return Case(exchange, messages)


def _messages(side: str, events: tuple[Said, ...]) -> list[Message]:
    made: list[Message] = []
    t_ns = 1_000_000
    for number, event in enumerate(events):
        t_ns = event.at or t_ns + 1_000_000
        info = dict(event.info)
        if "took" in info:
            info["began"] = t_ns - int(info.pop("took") * SECOND)
        size = event.size if event.size >= 0 else len(event.payload or b"")
        made.append(
            Message(
                1,
                number,
                t_ns,
                side,
                event.direction,
                event.type,
                size,
                event.payload,
                info=tagged.dumps(info) if info else "",
            )
        )
    return made


def found(looked_at: Case) -> list[Finding]:
    """What the rules for WSGI find."""
    return list(wsgi(looked_at))


def severities(looked_at: Case) -> dict[str, str]:
    """The same, as rule and severity."""
    return {finding.rule: str(finding.severity) for finding in found(looked_at)}


def rules(looked_at: Case) -> set[str]:
    """The same, as rules."""
    return set(severities(looked_at))
