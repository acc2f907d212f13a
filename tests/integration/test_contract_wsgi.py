"""The rules for WSGI on real servers: an application's mistakes are found, each server's own are, and nothing is found
in applications that make none.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from inspector.contract import Case, judge
from inspector.model import Fault, Finding, Severity
from inspector.store.reader import TraceReader
from tests.support.program import GatescopeRun, running

DEMO = Path(__file__).parents[2] / "resources" / "demo"
APPLICATION = """
import sys, time
sys.path.insert(0, DEMO)
import flask_app, plain_wsgi
from django_project.wsgi import application as django_app

MOUNTED = {"plain": plain_wsgi.app, "flask": flask_app.app, "django": django_app}
PLAIN = [("Content-Type", "text/plain")]
ONCE = b"x"


def app(environ, start_response):
    first, _, rest = environ["PATH_INFO"][1:].partition("/")
    if first in MOUNTED:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/" + first, "/" + rest
        return MOUNTED[first](environ, start_response)
    return globals()[first](environ, start_response)


def fails():
    raise KeyError("on purpose")


def twice(environ, start_response):
    start_response("200 OK", list(PLAIN))
    start_response("500 Oh", list(PLAIN))
    return [ONCE]

def never(environ, start_response):
    return []

def late(environ, start_response):
    yield ONCE
    start_response("200 OK", list(PLAIN))

def status(environ, start_response):
    start_response(200, list(PLAIN))
    return [ONCE]

def pair(environ, start_response):
    start_response("200 OK", [["X-A", "b"], *PLAIN])
    return [ONCE]

def hop(environ, start_response):
    start_response("200 OK", [("Connection", "close"), *PLAIN])
    return [ONCE]

def none(environ, start_response):
    start_response("200 OK", list(PLAIN))

def text(environ, start_response):
    start_response("200 OK", list(PLAIN))
    yield "text"

def midway(environ, start_response):
    start_response("200 OK", list(PLAIN))
    yield ONCE
    fails()

class Miscounted(list):
    def __len__(self):
        return 3

def length(environ, start_response):
    start_response("200 OK", list(PLAIN))
    return Miscounted([ONCE, ONCE])

class Unclosable(list):
    def close(self):
        fails()

def unclosable(environ, start_response):
    start_response("200 OK", list(PLAIN))
    return Unclosable([ONCE])

def unencoded(environ, start_response):
    environ["wsgi.errors"].write(b"bytes")
    start_response("200 OK", list(PLAIN))
    return [ONCE]


def fine(environ, start_response):
    start_response("200 OK", list(PLAIN))
    return [ONCE]

def empty_first(environ, start_response):
    start_response("200 OK", list(PLAIN))
    return slowly()

def slowly():
    yield b""
    time.sleep(0.05)
    yield ONCE

def replaced(environ, start_response):
    start_response("200 OK", [("X-Old", "1"), *PLAIN])
    try:
        fails()
    except KeyError:
        start_response("503 Oh", list(PLAIN), sys.exc_info())
    return [ONCE]

def too_late(environ, start_response):
    start_response("200 OK", list(PLAIN))
    yield ONCE
    try:
        fails()
    except KeyError:
        start_response("503 Oh", list(PLAIN), sys.exc_info())
    yield ONCE

def nothing(environ, start_response):
    start_response("204 No Content", [])
    return []

def generator(environ, start_response):
    start_response("201 Created", list(PLAIN))
    yield ONCE

def body(environ, start_response):
    data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 5))
    start_response("200 OK", list(PLAIN))
    return [data]

def all_of_it(environ, start_response):
    try:
        data = environ["wsgi.input"].read(-1)
    except Exception:
        data = b""
    start_response("200 OK", list(PLAIN))
    return [data]

def lines(environ, start_response):
    found = [environ["wsgi.input"].readline(), *environ["wsgi.input"].readlines()]
    start_response("200 OK", list(PLAIN))
    return found
"""

#: What the application does wrong, and which rule it breaks under every server.
MISTAKES = {
    "twice": "WSGI-SR-16", "never": "WSGI-SR-25", "late": "WSGI-SR-24", "status": "WSGI-SR-03", "pair": "WSGI-SR-09",
    "hop": "WSGI-SR-14", "none": "WSGI-APP-04", "text": "WSGI-IT-01", "midway": "WSGI-APP-09", "length": "WSGI-IT-08",
    "unclosable": "WSGI-IT-07", "unencoded": "WSGI-ER-01",
}  # fmt: skip
PAGES = (
    "/",
    "/json?q=1",
    "/html",
    "/form",
    "/stream?chunks=2&pause=0",
    "/sse?events=2&pause=0",
    "/caf%C3%A9/%2F?x=%C3%A9",
)


def head(first: str, *fields: str) -> bytes:
    """A request's head on a connection of its own."""
    return "\r\n".join((first, "Host: a", "Connection: close", *fields, "", "")).encode()


RAW = [
    (head("GET /fine?cookies HTTP/1.1", "Cookie: a=1", "Cookie: b=2"),),
    (head("GET /fine?names HTTP/1.1", "X_A: 1", "Proxy: http://evil.example"),),
    (head("GET /fine?old HTTP/1.0"),),
    (head("POST /body?chunked HTTP/1.1", "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n0\r\n\r\n",),
    (head("POST /body?expect HTTP/1.1", "Content-Length: 3", "Expect: 100-continue"), b"abc"),
]


def ask(run: GatescopeRun, mode: str) -> int:
    """Every request there is; the number of them."""
    count = 0
    # Each on a connection of its own: some of these answers end theirs.
    with httpx.Client(base_url=run.url, timeout=30, trust_env=False, headers={"Connection": "close"}) as client:

        def send(method: str, path: str, **more: object) -> None:
            nonlocal count
            count += 1
            with contextlib.suppress(httpx.HTTPError):
                client.request(method, path, **more)

        for name in ("plain", "flask", "django"):
            for page in PAGES:
                send("GET", f"/{name}{page}")
            send("HEAD", f"/{name}/json")
            send("POST", f"/{name}/form", data={"name": "x"})
            send("POST", f"/{name}/upload", content=b"abc\r\n" * 1000)
        for path in (*MISTAKES, "empty_first", "replaced", "too_late", "nothing", "generator"):
            send("GET", f"/{path}")
        if mode != "wsgiref":  # which would wait for more
            send("POST", "/all_of_it", content=b"all of it")
            send("POST", "/lines", content=b"one\ntwo\nthree\n")
    for parts in RAW:
        raw(run.url, *parts)
    return count + len(RAW)


def raw(url: str, *parts: bytes) -> None:
    """Send these bytes, each but the first when something has come or a moment has passed; read to the end."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), 30) as connection:
        for number, part in enumerate(parts):
            connection.settimeout(0.2 if number else 30)
            with contextlib.suppress(TimeoutError):
                if number:
                    connection.recv(1 << 16)
            connection.sendall(part)
        connection.settimeout(30)
        while connection.recv(1 << 16):
            pass


def judged(trace: Path) -> dict[str, list[Finding]]:
    """What was found, by request."""
    found: dict[str, list[Finding]] = {}
    with TraceReader(trace) as reader:
        modes = {instance.id: instance.mode for instance in reader.instances()}
        for row in reader.exchanges():
            exchange = reader.exchange(row.id)
            assert exchange is not None
            case = Case(exchange, reader.messages(row.id), modes.get(exchange.instance, ""))
            found.setdefault(exchange.target, []).extend(judge(case))
    return found


#: What each server does wrong, by what shows it. gunicorn's other workers share the code for all this.
SERVERS: dict[str, dict[str, set[str]]] = {
    "gunicorn-sync": {
        "/empty_first": {"WSGI-SR-23"},
        "/replaced": {"WSGI-SR-21"},
        "/fine?cookies": {"WSGI-ENV-25"},
        "/fine?names": {"WSGI-ENV-14", "WSGI-ENV-26"},
    },
    "waitress": {
        "/fine?cookies": {"WSGI-ENV-25"},
        "/fine?names": {"WSGI-ENV-14", "WSGI-ENV-26"},
    },
    "wsgiref": {
        "/empty_first": {"WSGI-SR-23"},
        "/fine?cookies": {"WSGI-ENV-25"},
        "/fine?names": {"WSGI-ENV-26"},
        "/body?chunked": {"WSGI-IN-16", "WSGI-IN-17"},
        "/body?expect": {"WSGI-IN-18"},
    },
    "granian-wsgi": {
        "/midway": {"WSGI-APP-12"},
        "/empty_first": {"WSGI-SR-23"},
        "/too_late": {"WSGI-SR-20"},
        "/generator": {"WSGI-IT-10"},
        "/all_of_it": {"WSGI-IN-06"},
        "/lines": {"WSGI-IN-11", "WSGI-IN-13"},
        "/fine?names": {"WSGI-ENV-26"},
        "/fine?old": {"WSGI-ENV-05"},
    },
    "hypercorn-wsgi": {
        "/empty_first": {"WSGI-SR-23"},
        "/too_late": {"WSGI-SR-20"},
        "/nothing": {"WSGI-SR-28"},
        "/fine?cookies": {"WSGI-ENV-25"},
        "/fine?names": {"WSGI-ENV-26"},
        "/body?chunked": {"WSGI-IN-16"},
    },
}  # fmt: skip
#: What they do wrong in every exchange; and what depends on who is faster, or was counted as the application's mistake.
ALWAYS = {"granian-wsgi": {"WSGI-SR-22"}, "hypercorn-wsgi": {"WSGI-SR-22", "WSGI-ENV-12"}}
AT_TIMES = {"WSGI-SR-23", "WSGI-SR-26"}


@pytest.mark.parametrize("mode", SERVERS)
def test_what_is_found_is_what_there_is(mode: str, tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text(f"DEMO = {str(DEMO)!r}\n{APPLICATION}")
    with running("site_app:app", "--mode", mode, cwd=tmp_path, output=subprocess.DEVNULL) as run:
        run.finished(ask(run, mode))
        run.stop()
        found = judged(run.trace)
    for name, rule in MISTAKES.items():
        assert by(Fault.APPLICATION, found[f"/{name}"]) >= {rule}, name
    for path, findings in found.items():
        if path[1:] not in MISTAKES:
            serious = [one for one in findings if one.severity == Severity.VIOLATION]
            assert by(Fault.APPLICATION, serious) == set(), path
    servers = {path: by(Fault.SERVER, findings) - ALWAYS.get(mode, set()) for path, findings in found.items()}
    mounted = ("/plain/", "/flask/", "/django/")
    told = {path: rules for path, rules in servers.items() if rules and not path.startswith(mounted)}
    assert {path: rules - {"WSGI-SR-26"} for path, rules in told.items() if rules - AT_TIMES} == {
        path: rules for path, rules in SERVERS[mode].items() if rules - AT_TIMES
    }
    assert ("WSGI-SR-23" in servers["/empty_first"]) == ("/empty_first" in SERVERS[mode])
    in_passing = set().union(*(rules for path, rules in servers.items() if path.startswith(mounted)))
    assert in_passing <= AT_TIMES | {"WSGI-SR-28"}, in_passing
    assert all(by(Fault.SERVER, findings) >= ALWAYS.get(mode, set()) - {"WSGI-SR-22"} for findings in found.values())


def by(fault: Fault, findings: list[Finding]) -> set[str]:
    """The rules that were broken by one of the two."""
    return {finding.rule for finding in findings if finding.fault == fault}
