"""A blocked event loop from the worker to the command line: who blocked it, where, and who waited meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.test_deaths import busy
from tests.support.load import Asking, ask
from tests.support.program import gatescope, running

SITE = """
import time


async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/block":
        time.sleep(2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""


def shown(trace: Path, exchange: int) -> Any:
    return json.loads(gatescope("show", trace, exchange, "--json").stdout)


def test_who_blocked_the_loop_and_who_waited(tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text(SITE)
    with running("site_app:app", "--mode", "uvicorn", cwd=tmp_path) as run:
        blocking = Asking(f"{run.url}/block")
        busy(run)
        assert ask(f"{run.url}/victim")[0] == 200
        blocking.join(30)
        lines = {line["target"]: line["exchange"] for line in run.finished(2)}
    blocker, victim = (shown(run.trace, lines[target]) for target in ("/block", "/victim"))
    [stall] = blocker["stalls"]
    assert stall["exchange"] == blocker["exchange"]
    assert stall["place"] == f"app site_app.py:{SITE.splitlines().index('        time.sleep(2)') + 1}"
    assert 1500 < stall["blocked"] < 3000
    assert [one["exchange"] for one in victim["stalls"]] == [blocker["exchange"]]
    assert "in app site_app.py:8, by this exchange" in gatescope("show", run.trace, blocker["exchange"]).stdout
    [worker] = [json.loads(line) for line in gatescope("workers", run.trace, "--json").stdout.splitlines()]
    assert worker["stalls"] == [stall]
    assert "event loop blocked " in gatescope("workers", run.trace).stdout
