"""The contract's rules for ASGI, on what real servers and applications really said.

One application with everything in it runs under each server: the demo applications, whose healthy routes must break no
rule, and the demo's mistakes, each of which names the rule that it breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from inspector.contract import Case, judge
from inspector.contract.asgi_http import WAITED_MS
from inspector.model import Exchange, Fault, Finding, Kind, Severity
from inspector.query import parse
from inspector.store.reader import TraceReader
from tests.integration.lifecycle.scene import until
from tests.support.load import Sent
from tests.support.plain_server import DEMO
from tests.support.program import PATIENCE, GatescopeRun, running

SITE = """
import sys
sys.path.insert(0, {demo!r})
import fastapi_app, plain_asgi, starlette_app
from django_project.asgi import application as django

APPS = {{"plain": plain_asgi.app, "starlette": starlette_app.app, "fastapi": fastapi_app.app, "django": django}}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await plain_asgi.app(scope, receive, send)
    first = scope["path"].split("/")[1]
    if first not in APPS:
        return await plain_asgi.app(scope, receive, send)
    cut = len(first) + 1
    await APPS[first](dict(scope, path=scope["path"][cut:], raw_path=scope["raw_path"][cut:]), receive, send)
"""
HEALTHY = (
    "/", "/json?a=1", "/html", "/form", "/upload", "/slow?seconds=0.01", "/stream?chunks=2&pause=0.01",
    "/sse?events=2&pause=0.01", "/background?seconds=0.01", "/nothing%20here",
)  # fmt: skip
APPS = ("plain", "starlette", "fastapi", "django")
#: What only the interpreter could see: a returned value, a changed scope, a coroutine that nobody awaited.
UNSEEN = {"ASGI-APP-05", "ASGI-APP-12", "ASGI-APP-14"}
#: What these servers do themselves. hypercorn tells an application 1006, whatever the peer's close frame said.
KNOWN = {"uvicorn": {"ASGI-WS-60"}, "hypercorn": {"ASGI-WS-55", "ASGI-MSG-09"}}

Judged = list[tuple[Exchange, list[Finding]]]


def visit(run: GatescopeRun) -> dict[str, str]:
    """Ask for everything; the mistakes' paths and the rules they are said to break."""
    with httpx.Client(base_url=run.url, timeout=PATIENCE, trust_env=False) as client:
        page = client.get("/mistakes").text
        mistakes = dict(re.findall(r'href="(/mistakes/[a-z0-9-]+)".*?\(((?:ASGI|RESP)-[A-Z0-9-]+)\)', page))
        client.get("/mistakes/send-afterwards")  # half a second later: everything else takes longer
        for app in APPS:
            for path in HEALTHY:
                client.get(f"/{app}{path}")
            client.head(f"/{app}/json")
            client.post(f"/{app}/form", data={"name": "Ada", "colour": "green"})
            client.post(f"/{app}/upload", content=b"x" * 200_000)
            client.post(f"/{app}/upload", content=(b"ab" for _ in range(3)))
    host = run.url.partition("//")[2]
    for app in APPS[:3]:
        talk(f"ws://{host}/{app}/ws/echo", "a", b"b")
        talk(f"ws://{host}/{app}/ws/nothing")
    for path in mistakes:
        if "/ws-" in path:
            talk(f"ws://{host}{path}")
        elif path == "/mistakes/waits-for-nothing":
            leave_when_it_waits(run, path)
        elif path != "/mistakes/send-afterwards":
            with suppress(httpx.HTTPError):  # what comes back is the server's choice
                httpx.request("POST", run.url + path, content=b"x", timeout=PATIENCE, trust_env=False)
    return mistakes


def leave_when_it_waits(run: GatescopeRun, path: str) -> None:
    """A client that gives up longer after the application began to wait than the rule asks for, on a busy machine too:
    it is not the time since the request was sent that counts, but since the application had its body.
    """
    sent = Sent(run.url, path)
    with TraceReader(run.trace) as reader:
        until(
            lambda: any(
                message.type == "http.request"
                for number in reader.ids(parse(f'target:"{path}"'))
                for message in reader.messages(number)
            ),
            f"the body of {path}",
        )
    assert sent.answer(2 * WAITED_MS / 1000) is None
    sent.leave()


def talk(url: str, *said: str | bytes) -> None:
    with suppress(WebSocketException, OSError, TimeoutError), connect(url, proxy=None, close_timeout=1) as socket:
        for message in said:
            socket.send(message)
            socket.recv(5)
        while "/ws-" in url:  # until the server ends it, as each does, however long that takes
            socket.recv(PATIENCE)


def judged(trace: Path, mode: str) -> Judged:
    with TraceReader(trace) as reader:
        exchanges = [exchange for number in sorted(reader.ids()) if (exchange := reader.exchange(number)) is not None]
        return [(exchange, judge(Case(exchange, reader.messages(exchange.id), mode))) for exchange in exchanges]


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict, Judged]]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "site_app.py").write_text(SITE.format(demo=str(DEMO)))
    with running("site_app:app", "--mode", request.param, cwd=folder) as program:
        mistakes = visit(program)
    return request.param, mistakes, judged(program.trace, request.param)


def test_each_mistake_is_found(run: tuple[str, dict[str, str], Judged]) -> None:
    _, mistakes, exchanges = run
    assert len(mistakes) > 40
    found = {
        exchange.target: {finding.rule for finding in findings}
        for exchange, findings in exchanges if exchange.target in mistakes
    }  # fmt: skip
    missed = {path: (rule, found.get(path)) for path, rule in mistakes.items() if rule not in found.get(path, set())}
    assert {rule for rule, _ in missed.values()} == UNSEEN, missed


def test_healthy_applications_break_nothing(run: tuple[str, dict[str, str], Judged]) -> None:
    _, _, exchanges = run
    healthy = [(exchange, found) for exchange, found in exchanges if not exchange.target.startswith("/mistakes/")]
    assert len(healthy) > 60
    grave = [
        (exchange.target, finding) for exchange, found in healthy for finding in found
        if finding.fault == Fault.APPLICATION and finding.severity != Severity.NOTE
    ]  # fmt: skip
    assert grave == []


def test_servers_are_blamed_for_what_they_are_known_for(run: tuple[str, dict[str, str], Judged]) -> None:
    mode, _, exchanges = run
    theirs = {finding.rule for _, found in exchanges for finding in found if finding.fault == Fault.SERVER}
    assert theirs <= KNOWN[mode]
    assert any(exchange.kind == Kind.LIFESPAN for exchange, _ in exchanges)
