"""A worker's frames, made into exchanges and messages."""

from __future__ import annotations

from typing import Any

import pytest

from inspector import tagged
from inspector.calls import REMEMBERED, Calls, error_sentence, info_text, last_line
from inspector.live import LiveExchanges
from inspector.model import Exchange, ProbeCost, Stall, State, Worker, WorkerEvent
from tests.support.recorder import KeepingRecorder

ENVIRON = {
    "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/api", "PATH_INFO": "/x", "QUERY_STRING": "a=1",
    "REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "5000", "SERVER_PROTOCOL": "HTTP/1.0",
}  # fmt: skip
SCOPE = {
    "type": "http", "method": "GET", "path": "/x y", "raw_path": b"/x%20y", "query_string": b"a=1",
    "client": ("10.0.0.1", 5000), "http_version": "2",
}  # fmt: skip
WORKER = Worker(id=3, instance=2, slot=1, generation=1, pid=10)


def message(
    kind: str, info: dict[str, Any] | None = None, payload: bytes | None = None, **more: Any
) -> tuple[Any, ...]:
    direction = more.get("direction", "out")
    return (more.get("t", 20), direction, kind, len(payload or b""), payload, b"", "", info)


class World:
    def __init__(self) -> None:
        self.recorder = KeepingRecorder()
        self.finished: list[Exchange] = []
        self.live = LiveExchanges(self.recorder, self.finished.append)
        self.calls = Calls(self.recorder, self.live, WORKER)

    def proxied(self, identity: int = 7) -> Exchange:
        exchange = Exchange(id=identity, opened_ns=1, instance=2, request_head=b"GET / HTTP/1.1\r\n\r\n")
        self.live.add(exchange, expects_app=True)
        return exchange

    def tell(self, *frames: tuple[Any, ...]) -> None:
        for frame in frames:
            assert self.calls.take(frame)

    def call(
        self, xid: int = 7, number: int = 1, interface: str = "WSGI", kind: str = "http", context: Any = ENVIRON
    ) -> None:
        self.tell(("call", xid, number, 10, interface, kind, context, "MainThread"))

    def types(self, exchange: Exchange) -> list[str]:
        return [row[5] for row in self.recorder.rows if row[0] == exchange.id]


@pytest.fixture
def world() -> World:
    return World()


def test_a_call_joins_the_proxys_exchange(world: World) -> None:
    exchange = world.proxied()
    world.call()
    assert (exchange.worker, exchange.interface, exchange.task, exchange.called_ns) == (3, "WSGI", "MainThread", 10)
    assert tagged.loads(exchange.context) == ENVIRON
    assert world.live.in_hand(3) == (7,)
    sr = message("start_response", {"status": "201 Created", "headers": []}, t=15)
    world.tell(("msgs", 1, [sr]), ("done", 1, 30, "", [message("iterate", {"stop": True}, b"abc", t=25)]))
    assert (exchange.started_ns, exchange.last_app_ns, exchange.returned_ns) == (15, 25, 30)
    assert exchange.status == 0, "that is for the proxy to say"
    assert world.types(exchange) == ["call", "start_response", "iterate"]
    assert [row[1] for row in world.recorder.rows] == [0, 1, 2]
    assert world.finished == []
    world.live.wire_closed(exchange, 40)
    assert (world.finished, exchange.state) == ([exchange], State.DONE)


def test_a_call_may_come_after_the_wire_was_closed(world: World) -> None:
    exchange = world.proxied()
    world.live.wire_closed(exchange, 5)
    world.call()
    world.tell(("done", 1, 30, "", []))
    assert (world.finished, exchange.closed_ns) == ([exchange], 5)


def test_a_call_around_the_proxy_gets_an_exchange_of_its_own(world: World) -> None:
    world.call(xid=0)
    world.tell(("done", 1, 30, "", [message("start_response", {"status": "404 Not Found"})]))
    [exchange] = world.finished
    assert (exchange.method, exchange.target, exchange.client) == ("POST", "/api/x?a=1", "10.0.0.1:5000")
    assert (exchange.http_version, exchange.status, exchange.instance) == ("1.0", 404, 2)
    assert (exchange.opened_ns, exchange.closed_ns, exchange.state) == (10, 30, State.DONE)


def test_a_second_call_for_one_request_is_another_exchange(world: World) -> None:
    first = world.proxied()
    world.call()
    world.call(number=2)
    world.tell(("done", 2, 30, "", []))
    assert first not in world.finished
    assert len(world.finished) == 1


def test_an_asgi_call_returns_when_it_is_done(world: World) -> None:
    exchange = world.proxied()
    world.call(interface="ASGI3", context=SCOPE)
    start = message("http.response.start", {"status": 200, "headers": []})
    body = message("http.response.body", {"more_body": False}, b"", t=22)
    world.tell(("done", 1, 30, "", [start, body]))
    assert world.types(exchange) == ["call", "http.response.start", "http.response.body", "return"]
    assert exchange.last_app_ns == 22


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (SCOPE, ("GET", "/x%20y?a=1", "10.0.0.1:5000", "2")),
        ({"type": "http", "method": "PUT", "path": "/x", "query_string": "s"}, ("PUT", "/x?s", "", "1.1")),
        ({"type": "websocket", "path": "/ws", "client": None}, ("GET", "/ws", "", "1.1")),
        ({"type": "http"}, ("", "", "", "1.1")),
        (("\x00gatescope.object", "Scope", "<scope>"), ("", "", "", "1.1")),
    ],
)
def test_what_the_scope_tells_of_the_wire(world: World, scope: Any, expected: tuple[str, ...]) -> None:
    kind = scope["type"] if isinstance(scope, dict) else "http"
    world.call(xid=0, interface="ASGI3", kind=kind, context=scope)
    world.tell(("done", 1, 30, "", []))
    [exchange] = world.finished
    assert (exchange.method, exchange.target, exchange.client, exchange.http_version) == expected
    assert exchange.kind == kind


def test_an_environ_without_a_client() -> None:
    world = World()
    world.call(xid=0, context={"REQUEST_METHOD": "GET", "PATH_INFO": "/"})
    world.tell(("done", 1, 30, "", []))
    [exchange] = world.finished
    assert (exchange.target, exchange.client, exchange.http_version) == ("/", "", "1.1")


def test_a_lifespan_is_an_exchange_as_well(world: World) -> None:
    world.call(xid=0, interface="ASGI3", kind="lifespan", context={"type": "lifespan"})
    world.tell(("msgs", 1, [message("lifespan.startup", None, direction="in")]), ("done", 1, 30, "", []))
    assert [exchange.kind for exchange in world.finished] == ["lifespan"]


@pytest.mark.parametrize(
    ("kind", "info", "status"),
    [
        ("websocket.accept", None, 101),
        ("start_response", {"status": 200}, 200),
        ("start_response", {"status": "what"}, 0),
        ("http.response.start", {"status": "200"}, 0),
        ("http.response.start", None, 0),
    ],
)
def test_the_status_an_application_gives(world: World, kind: str, info: Any, status: int) -> None:
    world.call(xid=0)
    world.tell(("done", 1, 30, "", [message(kind, info)]))
    assert world.finished[0].status == status


TRACE = 'Traceback (most recent call last):\n  File "x.py", line 1, in app\nsite.errors.Nope: because\n'


def test_an_exception_fails_the_exchange(world: World) -> None:
    exchange = world.proxied()
    world.call()
    world.tell(("done", 1, 30, TRACE, []))
    world.live.wire_closed(exchange, 40)
    assert (exchange.exception, exchange.state) == (TRACE, State.FAILED)
    assert exchange.error == "the application raised site.errors.Nope: because"
    assert world.recorder.rows[-1][5] == "raise"
    assert tagged.loads(world.recorder.rows[-1][10]) == {"exception": "site.errors.Nope: because"}


def test_how_an_exception_is_put_into_words() -> None:
    assert error_sentence("x\nasyncio.exceptions.CancelledError\n") == "the server cancelled the application's task"
    assert last_line("") == "an exception"
    assert last_line("Traceback\nValueError: a\n  b\n") == "ValueError: a"


def test_what_comes_after_the_end_still_belongs_to_it(world: World) -> None:
    exchange = world.proxied()
    world.call()
    world.tell(("done", 1, 30, "", []), ("msgs", 1, [message("http.response.body", None, b"late")]))
    assert world.types(exchange)[-1] == "http.response.body"


def test_calls_are_not_remembered_for_ever(world: World) -> None:
    for number in range(1, REMEMBERED + 2):
        world.call(xid=0, number=number)
        world.tell(("done", number, 30, "", []))
    world.tell(("msgs", 1, [message("iterate")] * 2), ("msgs", 2, [message("iterate")]), ("done", 1, 30, "", []))
    assert world.recorder.lost == {"messages of unknown calls": 3}


def test_what_the_worker_had_no_room_for_is_counted_where_it_is_missing(world: World) -> None:
    exchange = world.proxied()
    world.call()
    world.tell(("msgs", 1, [(20, "in", "lost", 7, None, b"", "", None)]), ("done", 1, 30, "", []))
    assert exchange.dropped == 7
    assert "lost" not in world.types(exchange)


def test_what_was_given_up_stays_given_up(world: World) -> None:
    exchange = world.proxied()
    world.call()
    world.live.worker_gone(3, 25, "was killed")
    world.live.wire_closed(exchange, 26)
    world.tell(("done", 1, 30, "", []))
    assert exchange.returned_ns == 25
    assert world.finished == [exchange]


def test_what_goes_to_wsgi_errors_is_logged(world: World) -> None:
    world.proxied()
    world.call()
    text = "WARNING:shop:first\n\n  second é\n".encode()
    world.tell(("msgs", 1, [message("errors.write", None, text), message("errors.write", {"args": [1]})]))
    assert [(line.text, line.exchange, line.stream, line.worker, line.level) for line in world.recorder.lines] == [
        ("WARNING:shop:first", 7, "wsgi.errors", 3, "warning"),
        ("  second é", 7, "wsgi.errors", 3, "warning"),
    ]


def test_other_frames_are_for_others(world: World) -> None:
    assert not world.calls.take(("ready", 5))


@pytest.mark.parametrize("info", [None, {}, {"more_body": True}, {"stop": True}, {"more_body": 1}, {"a": b"b", "c": 1}])
def test_infos_are_tagged_json(info: dict[str, Any] | None) -> None:
    assert info_text(info) == (tagged.dumps(info) if info else "")


def test_a_stall_is_recorded_when_it_is_noticed_and_when_it_is_over(world: World) -> None:
    world.proxied()
    world.call()
    world.tell(("stall", 5, 0, 1, "  File ...\n"), ("stall", 5, 90_000_000, 1, ""))
    assert world.recorder.stalls == [
        Stall(3, 10, 0, 7, "  File ...\n"), Stall(3, 10, 90_000_000, 7, "  File ...\n")
    ], "it did not begin before its call did"  # fmt: skip
    world.calls.over(100)
    assert len(world.recorder.stalls) == 2


def test_a_stall_that_nobody_could_look_into(world: World) -> None:
    world.tell(("stall", 5, 90, 0, ""))
    assert world.recorder.stalls == [Stall(3, 5, 90)]


def test_a_stall_ends_with_its_worker(world: World) -> None:
    world.tell(("stall", 500, 0, 9, "x"))
    world.calls.over(400)
    assert world.recorder.stalls[-1] == Stall(3, 500, 500, 0, "x")
    world.call()
    world.tell(("stall", 5, 8, 1, ""))
    assert world.recorder.stalls[-1] == Stall(3, 5, 8, 1000), "what the clocks say cannot be, but is no reason to fail"


def test_what_the_probe_costs_is_kept_of_the_worker_and_written_now_and_then(world: World) -> None:
    WORKER.cost = None
    world.calls.over(1)
    assert world.recorder.events == []
    for number, spent in enumerate((900, 20, 30, 25, 26), 1):
        world.tell(("cost", number, number * 10, spent, 400))
    assert WORKER.cost == ProbeCost(26, 400, 5)
    figures = [(event.t_ns, event.detail["probe_ns"], event.detail["measured"]) for event in world.recorder.events]
    assert figures == [(10, 900, 1), (20, 20, 2), (40, 25, 4)]
    world.calls.over(99)
    assert world.recorder.events[-1] == WorkerEvent(3, 99, "cost", {"probe_ns": 26, "call_ns": 400, "measured": 5})


def test_the_last_figure_is_written_once(world: World) -> None:
    world.tell(("cost", 1, 10, 20, 400))
    world.calls.over(99)
    assert len(world.recorder.events) == 1
