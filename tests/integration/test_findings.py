"""Findings from the request to the command line: judged while the server runs, told in the trace, found by filters."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from pathlib import Path

from inspector.query import parse
from inspector.store.reader import TraceReader
from tests.support.program import gatescope, running

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    start = {"type": "http.response.start", "status": 200, "headers": []}
    if scope["path"] == "/twice":
        await send(start)
        await send(start)
    if scope["path"] != "/nothing":
        await send(start)
        await send({"type": "http.response.body", "body": b"hello"})
"""


def get(url: str) -> None:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            response.read()
    except (urllib.error.HTTPError, http.client.HTTPException, ConnectionError):
        pass  # what the server makes of a mistake is its affair


def told(*arguments: object) -> list[dict[str, object]]:
    return [json.loads(line) for line in gatescope(*map(str, arguments), "--json").stdout.splitlines()]


def test_mistakes_are_found_while_it_runs_and_told_when_it_is_over(tmp_path: Path) -> None:
    (tmp_path / "mistaken.py").write_text(APP)
    with running("mistaken:app", "--mode", "uvicorn", cwd=tmp_path) as run:
        for path in ("/right", "/twice", "/nothing"):
            get(run.url + path)
        run.finished(3)
        with TraceReader(run.trace) as reader:
            end = time.monotonic() + 30
            while len(reader.ids(parse("finding:violation finding:application"))) < 2 and time.monotonic() < end:
                time.sleep(0.02)
            gravest = {row.path: row.gravest for row in reader.exchanges(parse("kind:http"))}
            assert gravest["/right"] != "violation"
            assert gravest["/twice"] == gravest["/nothing"] == "violation"
        trace = run.trace
        run.stop()
        found = told("findings", trace)
        rules = {str(each["rule"]): each for each in found}
        twice = rules["ASGI-HTTP-02"]
        assert (twice["severity"], twice["fault"]) == ("violation", "application")
        assert twice["title"]
        assert twice["mend"]
        [shown] = told("show", trace, twice["exchange"])
        assert twice in shown["findings"]  # type: ignore[operator]
        types = {message["seq"]: message["type"] for message in shown["messages"]}  # type: ignore[attr-defined]
        assert types[twice["message"]] == "http.response.start"
        listed = told("ls", trace, "finding:ASGI-HTTP-02")
        assert [each["exchange"] for each in listed] == [twice["exchange"]]
        assert all(each["exchange"] != twice["exchange"] for each in told("findings", trace, "path:/nothing"))
        assert "ASGI-HTTP-02" in gatescope("findings", str(trace)).stdout
