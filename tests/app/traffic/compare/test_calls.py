"""An environ and a scope line beside line."""

from __future__ import annotations

from app.traffic.compare.calls import spelt
from inspector import tagged

ENVIRON = tagged.dumps({
    "wsgi.version": (1, 0), "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/caf\u00c3\u00a9",
    "SERVER_NAME": "h", "SERVER_PORT": "80", "HTTP_HOST": "a.example", "HTTP_COOKIE": "very secret",
})  # fmt: skip
SCOPE = tagged.dumps({
    "type": "http", "method": "GET", "root_path": "", "path": "/café", "server": ("h", 81),
    "headers": [(b"host", b"a.example"), (b"cookie", b"very secret")],
})  # fmt: skip


def test_the_same_lines_mean_the_same() -> None:
    environ = spelt("WSGI", ENVIRON, "ASGI3", SCOPE).splitlines()
    scope = spelt("ASGI3", SCOPE, "WSGI", ENVIRON).splitlines()
    assert environ == [
        "  REQUEST_METHOD: 'GET'", "  PATH_INFO: '/café'", "  SCRIPT_NAME: ''", "  SERVER_NAME: 'h'",
        "≠ SERVER_PORT: '80'", "  HTTP_COOKIE: •••••••• (11 characters)", "  HTTP_HOST: 'a.example'", "", "Only here:",
        "  wsgi.version: (1, 0)",
    ]  # fmt: skip
    assert scope == [
        "  method: 'GET'", "  path: '/café'", "  root_path: ''", "  server.host: 'h'", "≠ server.port: '81'",
        "  headers.cookie: •••••••• (11 characters)", "  headers.host: 'a.example'", "", "Only here:", "  type: 'http'",
    ]  # fmt: skip


def test_two_of_one_interface_are_as_they_are() -> None:
    assert spelt("ASGI3", SCOPE, "ASGI2", SCOPE).startswith("type: 'http'\nmethod: 'GET'")
