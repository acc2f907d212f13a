"""Text for terminals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import tagged
from inspector.export import listing
from inspector.export.listing import Style
from inspector.export.record import Record
from inspector.model import Body, Exchange, LogLine, Message, Stall, Worker, WorkerEvent
from inspector.store.rows import ExchangeRow

MS = 1_000_000
WALL = 1_700_000_000_123_000_000
PLAIN, COLOURED = Style(), Style(colours=True)


def row(**fields: object) -> ExchangeRow:
    values = {f: "" if t == "str" else 0 for f, t in ExchangeRow.__annotations__.items()}
    values |= {
        "id": 7,
        "kind": "http",
        "state": "done",
        "method": "GET",
        "target": "/a",
        "status": 200,
        "duration_ms": 1.5,
    }
    return ExchangeRow(**(values | fields))


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "     7 22:13:20.123 GET     200    http     -         1.5 ms       0        /a"),
        ({"findings": 12, "gravest": "violation"}, "1.5 ms       0    12  /a"),
        ({"status": 0, "state": "open", "duration_ms": None}, "GET     open   http     -              …       0"),
        ({"status": 0, "state": "failed"}, " cut "),
        ({"status": 0}, " -      http"),
        ({"kind": "websocket", "worker_slot": 2, "worker_generation": 3}, "ws       2.3   "),
        ({"response_size": 2048, "duration_ms": 61_000.0}, "1 m 01 s    2.0k"),
        ({"status": 0, "state": "don{", "kind": "\x1b[2J"}, r" -      \x1b[2J "),
        ({"target": "/\x1b[31m\n"}, r"/\x1b[31m\n"),
    ],
)
def test_one_exchange_on_one_line(fields, shown):
    line = listing.listing_line(row(**fields), WALL, PLAIN)
    assert shown in line
    assert len(line) <= 100
    assert listing.listing_head(PLAIN).index("TARGET") == line.index("/")


def test_a_long_target_is_cut():
    line = listing.listing_line(row(target="/" + "x" * 500), WALL, PLAIN)
    assert line.endswith("x…")
    assert len(line) <= 100


@pytest.mark.parametrize(
    ("fields", "colour"),
    [
        ({}, "32"),
        ({"status": 404}, "33"),
        ({"status": 500}, "31"),
        ({"state": "failed"}, "31"),
        ({"state": "open"}, "36"),
    ],
)
def test_colours_of_a_status(fields, colour):
    line = listing.listing_line(row(**fields), WALL, COLOURED)
    assert f"\x1b[{colour}m" in line
    assert "\x1b" not in listing.listing_line(row(**fields), WALL, PLAIN)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0"), (1023, "1023"), (1024, "1.0k"), (3 << 20, "3.0M"), (5 << 30, "5.0G")]
)
def test_sizes(count, shown):
    assert listing.size(count) == shown


@pytest.mark.parametrize(
    ("ms", "shown"), [(None, "…"), (0.04, "0.0 ms"), (999.9, "999.9 ms"), (1500, "1.50 s"), (125_000, "2 m 05 s")]
)
def test_durations(ms, shown):
    assert listing.duration(ms) == shown


def made(**fields: object) -> Record:
    exchange = Exchange(7, method="POST", target="/a", opened_ns=MS, closed_ns=3 * MS, **fields)
    messages = [
        Message(7, 0, 2 * MS, "app", "in", "http.request", 300, b"x" * 300, info='{"more_body":false}'),
        Message(7, 1, 3 * MS, "wire", "out", "response.end"),
    ]
    return Record(exchange, messages, Worker(1, 1, 2, 3, 4711, "exited", outcome="killed by SIGKILL"), "uvicorn", WALL)


def text(record: Record) -> str:
    return "\n".join(listing.exchange_text(record, PLAIN))


def test_everything_about_an_exchange():
    shown = text(
        made(
            state="failed",
            status=500,
            instance=1,
            client="127.0.0.1:5",
            task="Task-1",
            interface="ASGI3",
            dropped=2,
            replay_of=3,
            replay_run=4,
            error="cut\x07",
            exception="Traceback\n  KeyError: 'x'",
            request_head=b"POST /a HTTP/1.1\r\nHost: a\r\n\r\n",
            request_body=Body(5, b"hello"),
            response_head=b"HTTP/1.1 500 X\r\n\r\n",
            response_body=Body(9, b"\xff\x00A", b"tail", "abc"),
            context=tagged.dumps({"type": "http", "raw": b"\x00"}),
        )
    )
    for part in (
        "exchange 7: POST /a -> 500 (failed)",
        "2023-11-14 22:13:20.123 UTC",
        "uvicorn (instance 1)",
        "slot 2, generation 3, pid 4711 (killed by SIGKILL)",
        "of exchange 3, run 4",
        "2 messages or payloads were not recorded",
        r"error      cut\x07",
        "  total      2.0 ms  from the first byte",
        "  Host: a\n  body: 5 bytes\n    hello",
        "body: 9 bytes, the first 3 and last 4 kept, sha256 abc",
        "    000000  ff 00 41",
        "  ..A\n    …\n    tail",
        "scope\n  type = 'http'\n  raw = b'\\x00'",
        "Messages (2)",
        '     0      1.000     +1.000 app -> http.request              300  {"more_body":false} b\'xxx',
        "     1      2.000     +1.000 wire<- response.end",
        "Exception\n  Traceback\n    KeyError: 'x'",
    ):
        assert part in shown, part
    assert all(len(line) <= 110 for line in shown.splitlines())


def test_an_exchange_of_which_little_is_known():
    shown = text(Record(Exchange(1, state="open"), [], Worker(1, 1, 1, 1, 5)))
    assert "no response yet (open)" in shown
    assert "pid 5 (starting)" in shown
    assert "Messages" not in shown
    assert "(done)" in text(Record(Exchange(1, state="done")))
    assert text(Record(Exchange(1, called_ns=0), [Message(1, 0, 5, "app", "in", "x", payload=b"a")])).endswith("b'a'")


def test_an_environ_and_contexts_that_are_none():
    assert "environ\n  A = 1" in text(made(context='{"A":1}', interface="WSGI"))
    assert "scope\n  [1]" in text(made(context="[1]"))
    assert "scope\n  '{broken'" in text(made(context="{broken"))


def test_long_bodies_are_shown_in_part():
    assert "… 100 more lines" in text(made(request_body=Body(600, b"x\n" * 300)))
    assert "… 44 more bytes" in text(made(request_body=Body(300, b"\xff" * 300)))


def test_workers():
    worker = Worker(
        1, 1, 2, 3, 4711, "exited", MS, 2 * MS, 1501 * MS, cause="killed", outcome="killed by SIGKILL", in_hand=(4, 5)
    )
    line = listing.worker_line(worker, "uvicorn", WALL, PLAIN)
    assert "   2   3    4711 exited   22:13:20.123    1.50 s  killed by SIGKILL; in hand: 4, 5" in line
    assert listing.workers_head(PLAIN).index("HOW") == line.index("killed")
    assert "\x1b[31m" in listing.worker_line(worker, "uvicorn", WALL, COLOURED)
    alive = listing.worker_line(Worker(1, 1, 1, 1, 5), "", 0, COLOURED)
    assert "\x1b" not in alive
    assert "graceful" in listing.worker_line(Worker(1, 1, 1, 1, 5, "exited", cause="graceful"), "", 0, COLOURED)


def test_a_line_of_output():
    worker = Worker(1, 1, 2, 3, 4711)
    line = LogLine(5, 1, 1, "stderr", "\x1b[31mERROR\x1b[0m: no\x07", level="error")
    assert listing.log_line(line, worker, WALL, PLAIN) == r"22:13:20.123 2.3    error    ERROR: no\x07"
    assert listing.log_line(line, None, WALL, COLOURED).endswith("\x1b[31mERROR: no\\x07\x1b[0m")
    unnamed = LogLine(5, 1, 0, "stdout", "hello")
    assert listing.log_line(unnamed, None, WALL, COLOURED) == "22:13:20.123 -               hello"


def test_what_a_worker_left_behind():
    held = {"exchange": 7, "method": "GET", "path": "/slow", "elapsed_ms": 4200.0, "last": "http.request",
            "last_age_ms": 4199.5}  # fmt: skip
    early = {"exchange": 8, "method": "GET", "path": "/", "elapsed_ms": 3, "last": ""}
    events = [
        WorkerEvent(1, 5, "ready", {"boot_ms": 3}),
        WorkerEvent(1, 9, "exited", {"held": [held, early], "stack": "Fatal Python error: x\n\n  File \x1b"}),
    ]
    assert list(listing.worker_last_words(events)) == [
        "    #7 GET /slow had been in hand for 4.20 s; last message http.request, 4.20 s before",
        "    #8 GET / had been in hand for 3.0 ms",
        "    Fatal Python error: x",
        r"      File \x1b",
    ]


@pytest.mark.parametrize("value", [None, "4", float("nan"), float("inf"), -1, 10**400])
def test_a_worker_of_a_strange_trace(value):
    held = [5, {"elapsed_ms": value, "last": 5, "last_age_ms": value}]
    [line] = listing.worker_last_words([WorkerEvent(1, 9, "exited", {"held": held, "stack": 5})])
    assert line == "    #   had been in hand for ?; last message 5, ? before"
    assert list(listing.worker_last_words([WorkerEvent(1, 9, "exited", {"held": 5})])) == []


@given(st.text())
def test_nothing_that_was_recorded_drives_the_terminal(recorded):
    assert listing.visible(recorded).isprintable()


@given(st.binary(), st.text(), st.text())
def test_any_exchange_can_be_shown(raw, words, context):
    record = made(request_head=raw, response_body=Body(len(raw), raw), error=words, exception=words, context=context)
    assert all(line.isprintable() for line in text(record).splitlines())


def test_only_our_colours_reach_a_terminal():
    line = COLOURED.paint("ok", "red") + "\x1b]0;title\x07\x1b[2J"
    assert listing.for_terminal(line, COLOURED) == "\x1b[31mok\x1b[0m" + r"\x1b]0;title\x07\x1b[2J" + "\x1b[0m"
    assert "\x1b" not in listing.for_terminal(line, PLAIN)
    assert listing.for_terminal("plain", COLOURED) == "plain"


def test_blocked_event_loops():
    stalls = [Stall(1, 0, number * MS) for number in (5, 1, 9, 2)] + [Stall(1, 7, 0, 8)]
    assert list(listing.worker_stalls(stalls)) == [
        "    event loop blocked and did not come back, by exchange 8",
        "    event loop blocked 9 ms",
        "    event loop blocked 5 ms",
        "    and 2 shorter times",
    ]
    assert list(listing.worker_stalls([])) == []
    told = list(listing.exchange_text(Record(Exchange(7), stalls=[Stall(1, 0, 9 * MS, 7)]), PLAIN))
    assert "  event loop blocked 9 ms, by this exchange" in told
