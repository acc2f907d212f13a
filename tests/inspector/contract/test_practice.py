"""Habits that hurt: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

import pytest

from tests.support import wsgi_cases as wsgi
from tests.support.cases import MS, RETURN, answered, body, found, holds, http, start, websocket, wire

SECOND = 1000 * MS
BEGAN = 1000 * MS
PIECE = body(b"x", more_body=True)
HUGE = 10 * 1024 * 1024


def timed(*, started: float = 0.1, last: float = 0.1, returned: float = 0.2, wsgi_too: bool = False):
    times = {
        "called_ns": BEGAN, "started_ns": BEGAN + int(started * SECOND), "last_app_ns": BEGAN + int(last * SECOND),
    }  # fmt: skip
    if wsgi_too:
        case = wsgi.case(wsgi.start(), wsgi.ret(), wsgi.stop(b"x"))
        for name, value in times.items():
            setattr(case.exchange, name, value)
    else:
        case = answered(start(), body(), **times)
    case.exchange.returned_ns = BEGAN + int(returned * SECOND)
    return case


def left(*, returned: float):
    case = http(start(), wire("in", "client.gone"), PIECE, RETURN, called_ns=BEGAN)
    case.exchange.returned_ns = BEGAN + int(returned * SECOND)
    return case


def abandoned(*, returned: float):
    """Over WSGI, where an application is not told that its client has left."""
    case = wsgi.case(wsgi.start(), wsgi.ret(), wired=(wsgi.wire("client.gone"),))
    [gone] = case.wire
    case.exchange.called_ns, case.exchange.returned_ns = gone.t_ns, gone.t_ns + int(returned * SECOND)
    return case


def pieces(count: int, data: bytes = b"x", **fields):
    return answered(start(), *[body(data, more_body=True)] * count, body(b""), **fields)


def as_stream(case):
    case.exchange.kind = "sse"
    return case


def large(size: int):
    story = body(b"")
    whole = type(story)(0, 0, story.t_ns, "app", "out", story.type, size=size, payload=b"x")
    return answered(start(), whole)


TABLE = [
    ("PRAC-03", "note", timed(returned=1.2), timed(returned=1.0)),
    ("PRAC-03", "warning", timed(returned=11), timed(last=10, returned=10.5)),
    ("PRAC-04", "warning", left(returned=6), left(returned=4)),
    ("PRAC-04", "note", abandoned(returned=6), abandoned(returned=4)),
    ("PRAC-07", "note", timed(started=2.1, last=2.1, returned=2.2), timed(started=1.9)),
    ("PRAC-08", "note", pieces(201), pieces(200)),
    ("PRAC-08", "note", pieces(201), pieces(201, b"x" * 65)),
    ("PRAC-08", "note", pieces(201), as_stream(pieces(201))),
    ("PRAC-09", "note", large(HUGE + 1), large(HUGE)),
    ("PRAC-10", "note", timed(last=30, returned=31, wsgi_too=True), timed(last=30, returned=31)),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_what_is_not_asked() -> None:
    assert found(answered(start(), body(b""))) == set()
    assert found(http(start())) == set()
    assert found(websocket()) == set()
