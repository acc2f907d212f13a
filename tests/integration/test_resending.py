"""Requests that a user has written, sent through the proxy of an application that runs, byte for byte."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.model import CLIENT_LEFT, Exchange, State
from inspector.store.reader import TraceReader
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import Resend, Resent, StopApp
from tests.support.load import ask
from tests.support.program import PATIENCE, running

FORM = (("Host", "localhost"), ("x-TWICE", "1"), ("X-Twice", "2"), ("Content-Length", "8"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with running("demo:asgi", "--mode", "uvicorn") as started:
        assert ask(f"{started.url}/json?a=1")[0] == 200
        started.finished(1)
        yield started


@pytest.fixture
def client(run: Any) -> Iterator[ControlClient]:
    with ControlClient(Path(run.control)) as made:
        yield made


def send(client: ControlClient, method: str, target: str, headers: Any = (), body: bytes = b"", **more: Any) -> Resent:
    command = Resend(
        id=client.next_id(), method=method, target=target, headers=headers, body=base64.b64encode(body).decode(), **more
    )
    reply = client.ask(command)
    assert isinstance(reply, Resent)
    return reply


def recorded(run: Any, sent: Resent) -> Exchange:
    """The whole exchange, once it is over and in the trace."""
    run.wait_for(lambda line: line.get("event") == "exchange" and line["exchange"] == sent.exchange)
    assert sent.trace == str(run.trace)
    deadline = time.monotonic() + PATIENCE
    with TraceReader(run.trace) as reader:
        while (found := reader.exchange(sent.exchange)) is None or found.state == State.OPEN:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    return found


def test_what_was_written_goes_out_byte_for_byte_and_names_its_original(run: Any, client: ControlClient) -> None:
    sent = send(client, "POST", "/upload?a=%20", FORM, b"\xff\x00edited", exchange=1, source=str(run.trace))
    found = recorded(run, sent)
    assert found.request_head == (
        b"POST /upload?a=%20 HTTP/1.1\r\nHost: localhost\r\nx-TWICE: 1\r\nX-Twice: 2\r\nContent-Length: 8\r\n\r\n"
    )
    assert found.request_body.head == b"\xff\x00edited"
    assert (found.status, found.replay_of, found.replay_run, found.error) == (200, 1, 0, "")
    of_another_trace = send(client, "GET", "/json", FORM[:1], exchange=1, source="/tmp/other.gatescope", version="1.0")
    found = recorded(run, of_another_trace)
    assert (found.status, found.http_version, found.replay_of) == (200, "1.0", 0)


def test_what_the_proxy_refuses_is_recorded_as_well(run: Any, client: ControlClient) -> None:
    found = recorded(run, send(client, "GET", "/json", (("X-Nothing-More", "1"),), exchange=1))  # without Host
    assert (found.status, found.replay_of, found.state) == (400, 1, State.FAILED)
    assert found.error.startswith("refused: ")


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"headers": (("X-A", "1\r\nX-B: 2"),)}, "It is not one request"),
        ({"target": "/\u20ac"}, "The request was not understood"),
        ({"app": "nobody"}, "There is no application called nobody"),
    ],
)
def test_why_not_is_told(client: ControlClient, more: dict[str, Any], what: str) -> None:
    with pytest.raises(ControlError, match=what):
        send(client, **{"method": "GET", "target": "/", **more})
    with pytest.raises(ControlError, match="The request was not understood"):
        client.ask(Resend(id=client.next_id(), method="GET", target="/", body="?"))


def test_one_that_hangs_is_told_of_at_once_and_ends_with_its_application(run: Any, client: ControlClient) -> None:
    sent = send(client, "POST", "/upload", FORM, b"less")  # than its Content-Length says: the rest is waited for
    assert client.ask(StopApp(id=client.next_id()))
    found = recorded(run, sent)
    assert (found.request_body.head, found.state) == (b"less", State.FAILED)
    assert found.error.startswith(CLIENT_LEFT)
    with pytest.raises(ControlError, match="asgi is stopped"):
        send(client, "GET", "/", FORM[:1])
