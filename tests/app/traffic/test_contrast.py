"""How an environ or scope differs from another one."""

from __future__ import annotations

from app.traffic.contrast import against_other, by_meaning
from inspector import tagged

ENVIRON = {
    "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", "SCRIPT_NAME": "/shop", "PATH_INFO": "/caf\u00c3\u00a9",
    "QUERY_STRING": "a=1", "SERVER_PORT": "80", "SERVER_NAME": "h", "HTTP_HOST": "a.example", "HTTP_ACCEPT": "x",
    "CONTENT_TYPE": "", "wsgi.version": (1, 0), "wsgi.input": tagged.Opaque("Body", "<Body at 0x1>"),
}  # fmt: skip
SCOPE = {
    "type": "http", "method": "GET", "http_version": "1.1", "root_path": "/shop", "path": "/shop/café",
    "query_string": b"a=1", "server": ("h", 80), "client": None, "asgi": {"version": "3.0"},
    "headers": [(b"host", b"a.example"), (b"x-tag", b"1"), (b"X-Tag", b"2"), (b"accept", b"x")],
}  # fmt: skip


def compare(
    interface: str, here: dict[str, object], other: str, there: dict[str, object]
) -> dict[str, tuple[str, str]]:
    remarks = against_other(interface, tagged.dumps(here), other, tagged.dumps(there))
    return {".".join(remark.path): (remark.change, remark.text) for remark in remarks}


def test_two_environs_are_compared_key_by_key() -> None:
    there = {**ENVIRON, "QUERY_STRING": "a=2", "HTTP_NEW": "1", "wsgi.input": tagged.Opaque("Body", "<Body at 0x2>")}
    del there["HTTP_ACCEPT"]
    assert compare("WSGI", ENVIRON, "WSGI", there) == {
        "QUERY_STRING": ("changed", "There it is 'a=2'."),
        "HTTP_NEW": ("dropped", "There it is '1'."),
        "HTTP_ACCEPT": ("added", "Not there."),
    }


def test_two_scopes_are_compared_field_by_field() -> None:
    there = {**SCOPE, "headers": [(b"host", b"b.example"), (b"x-tag", b"1, 2"), (b"accept", b"x")], "asgi": {}}
    assert compare("ASGI3", SCOPE, "ASGI2", there) == {
        "headers.host": ("changed", "There it is 'b.example'."),
        "asgi.version": ("added", "Not there."),
    }


def test_an_environ_and_a_scope_are_compared_by_what_they_mean() -> None:
    same = {**SCOPE, "headers": [(b"host", b"a.example"), (b"accept", b"x")]}
    assert compare("WSGI", ENVIRON, "ASGI3", same) == {}
    assert compare("ASGI3", same, "WSGI", ENVIRON) == {}
    other = {**SCOPE, "method": "POST", "server": ("h", "81")}
    assert compare("WSGI", ENVIRON, "ASGI3", other) == {
        "REQUEST_METHOD": ("changed", "There it is 'POST'."),
        "SERVER_PORT": ("changed", "There it is '81'."),
        "HTTP_X_TAG": ("dropped", "There it is '1, 2'."),
    }
    assert compare("ASGI3", other, "WSGI", ENVIRON) == {
        "method": ("changed", "There it is 'GET'."),
        "server": ("changed", "There it is '80'."),
        "headers.x-tag": ("added", "Not there."),
    }


def test_what_is_not_known_has_no_differences() -> None:
    assert against_other("WSGI", "", "WSGI", tagged.dumps(ENVIRON)) == []
    assert against_other("WSGI", tagged.dumps(ENVIRON), "WSGI", "[]") == []
    assert compare("WSGI", {"PATH_INFO": "/x"}, "ASGI3", {"path": "/x", "method": "GET", "server": None}) == {}


def test_what_a_request_is_in_one_vocabulary() -> None:
    environ, scope = by_meaning("WSGI", tagged.dumps(ENVIRON)), by_meaning("ASGI3", tagged.dumps(SCOPE))
    assert environ[("path",)] == (("PATH_INFO",), "'/shop/café'")
    assert scope[("path",)] == (("path",), "'/shop/café'")
    assert environ[("server", "port")] == (("SERVER_PORT",), "'80'")
    assert scope[("headers", "x-tag")] == (("headers", "x-tag"), "'1, 2'")
    assert by_meaning("WSGI", "") == {}
