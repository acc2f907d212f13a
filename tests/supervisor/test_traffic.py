"""The traffic driver against demo applications under plain servers."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from supervisor import traffic
from tests.support.plain_server import PlainServer

PAGES = {"/", "/json", "/html", "/form", "/upload", "/slow", "/stream", "/sse", "/background"}


def drive(url: str, seconds: float, **options: object) -> traffic.TrafficReport:
    return asyncio.run(traffic.drive(url, seconds, **options))


@pytest.mark.parametrize("name", ["asgi", "starlette", "fastapi"])
def test_everything_that_asgi_can_do(name):
    with PlainServer(name) as server:
        report = drive(server.url, 2.5, rate=20)
    assert report.answered.keys() == PAGES | {"/ws/echo", "/ws/chat"}
    assert report.answered["/slow"] == 10
    assert (report.failed, report.skipped, report.problem) == ({}, set(), "")


@pytest.mark.parametrize("name", ["wsgi", "django-asgi"])
def test_what_the_application_cannot_do_is_left_out(name):
    with PlainServer(name) as server:
        report = drive(server.url, 1, rate=20)
    assert report.answered.keys() <= PAGES
    assert report.skipped == {"/ws/echo", "/ws/chat"}
    assert not report.failed


def test_websockets_are_tried_again_when_a_worker_was_gone():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def scenario() -> traffic.TrafficReport:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            return await traffic.drive(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 1.2)

    report = asyncio.run(scenario())
    assert report.failed["/ws/echo"] >= 2
    assert "/ws/echo" not in report.skipped


def test_it_ends_by_itself():
    with PlainServer("asgi") as server:
        begun = time.monotonic()
        drive(server.url, 0.5)
    assert time.monotonic() - begun < 5


def test_what_harms_is_asked_for_only_when_told():
    with PlainServer("asgi") as server:
        report = drive(server.url, 0.5, also=["/error", "/nothing", "/exit"])
        assert server.process.wait(10) == 9
    assert {"/error", "/exit"} <= report.failed.keys()
    assert "/nothing" in report.skipped
    assert report.problem


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    report = drive(url, 0.3)
    assert not report.answered
    assert {"/", "/ws/echo"} <= report.failed.keys()
