"""Finding the new exchange of a replayed request among those that pass our proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.live import LiveExchanges
from inspector.model import Body, Exchange, State
from inspector.replay import landing
from inspector.replay.landing import Answered, Arrivals, Foreign, Passed, Proxied
from inspector.replay.request import Request
from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[TraceWriter]:
    writer = TraceWriter(tmp_path / "trace.gatescope")
    yield writer
    writer.close()


@pytest.fixture
def live(recorder: TraceWriter) -> LiveExchanges:
    return LiveExchanges(recorder)


def replayed(number: int, of: int, run: int = 3) -> Exchange:
    return Exchange(number, replay_run=run, replay_of=of)


def test_one_that_finished_before_it_was_asked_for(live):
    arrivals = Arrivals.of(live)
    arrivals.begin(3)
    exchange = replayed(9, of=1)
    live.add(exchange, expects_app=False)
    live.wire_closed(exchange, 5)
    assert asyncio.run(arrivals.arrived(3, 1)) is exchange


def test_one_whose_application_works_on_is_there_as_soon_as_its_response_is(live):
    arrivals = Arrivals.of(live)
    arrivals.begin(3)
    exchange = replayed(9, of=1)
    live.add(replayed(8, of=2), expects_app=True)
    live.add(exchange, expects_app=True)
    live.wire_closed(exchange, 5)
    assert asyncio.run(arrivals.arrived(3, 1)) is exchange
    live.app_returned(exchange, 6)  # later, and nobody waits any more
    arrivals.end(3)


def test_one_that_is_about_to_finish_is_waited_for(live):
    async def scenario() -> Exchange | None:
        arrivals = Arrivals.of(live)
        arrivals.begin(3)
        exchange = replayed(9, of=1)
        live.add(exchange, expects_app=False)
        asyncio.get_running_loop().call_later(0.02, live.wire_closed, exchange, 5)
        return await arrivals.arrived(3, 1)

    assert asyncio.run(scenario()).id == 9


def test_one_that_never_comes(live, monkeypatch):
    monkeypatch.setattr(landing, "_LANDING_SECONDS", 0.01)
    assert asyncio.run(Arrivals.of(live).arrived(3, 1)) is None


def test_what_is_of_no_run_or_of_one_that_ended_is_forgotten_and_others_still_hear_of_it(live):
    heard = []
    live.on_finished = heard.append
    arrivals = Arrivals.of(live)
    arrivals.begin(3)
    arrivals.begin(4)
    for number, run in ((1, 0), (2, 3), (3, 4)):
        exchange = replayed(number, of=1, run=run)
        live.add(exchange, expects_app=False)
        live.wire_closed(exchange, 5)
    arrivals.end(3)
    assert [exchange.id for exchange in heard] == [1, 2, 3]
    assert list(arrivals._finished) == [(4, 1)]


def test_there_is_one_for_each_live_exchanges(live, recorder):
    assert Arrivals.of(live) is Arrivals.of(live)
    assert Arrivals.of(live) is not Arrivals.of(LiveExchanges(recorder))


def test_the_mark_carries_what_only_our_proxy_gave_out(live):
    landed = Proxied(Arrivals.of(live), "secret", 3)
    assert landed.mark(12) == ("gatescope-replay", "secret-3-12")
    landed.close()


def test_a_foreign_server_gets_no_mark_and_its_answer_becomes_the_exchange(recorder):
    landed = Foreign(recorder, 3)
    request = Request("PUT", b"/x?y", ((b"Host", b"a"), (b"X", b"\xe9")), b"body", False)
    answered = Answered(100)
    answered.first_byte_ns, answered.closed_ns, answered.status = 110, 120, 201
    answered.head, answered.body = b"HTTP/1.1 201 Created\r\n\r\n", Body(2, b"ok")
    exchange = asyncio.run(landed.landed(Exchange(7, target="/x?y"), request, answered))
    assert landed.mark(7) is None
    assert exchange.request_head == b"PUT /x?y HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n"
    assert exchange.request_body == Body(4, b"body")
    assert (exchange.replay_of, exchange.replay_run, exchange.state) == (7, 3, State.DONE)
    assert (exchange.opened_ns, exchange.first_byte_ns, exchange.closed_ns) == (100, 110, 120)
    answered.error = "cut"
    failed = asyncio.run(landed.landed(Exchange(7, target="/"), request, answered))
    assert (failed.state, failed.error) == (State.FAILED, "cut")
    landed.close()


def test_what_went_over_a_foreign_websocket_is_recorded(recorder):
    answered = Answered(100)
    answered.status = 101
    answered.passed = [
        Passed(110, "in", "ws.text", Body(2, b"hi")),
        Passed(120, "out", "ws.close", Body(5), {"code": 1000, "reason": "bye"}),
    ]
    request = Request("GET", b"/ws", ((b"Host", b"a"),), b"", False)
    made = asyncio.run(Foreign(recorder, 3).landed(Exchange(7, kind="websocket", target="/ws"), request, answered))
    recorder.close()
    with TraceReader(recorder.path) as trace:
        seen = [(one.t_ns, one.direction, one.type, one.payload, one.info) for one in trace.messages(made.id)]
        assert trace.exchange(made.id).messages == 2
    assert seen == [
        (110, "in", "ws.text", b"hi", ""),
        (120, "out", "ws.close", b"", '{"code":1000,"reason":"bye"}'),
    ]
