"""What a server made of a request's head."""

from __future__ import annotations

import pytest

from app.traffic.handover import Remark, against_wire, cgi_key
from inspector import tagged

HEAD = (
    b"GET /caf%C3%A9%2Fx?q=%20 HTTP/1.1\r\nHost: a.example\r\nX-Tag: one\r\nX-Tag: two\r\nX_Odd: 1\r\n"
    b"Connection: close\r\nContent-Type: text/plain\r\n\r\n"
)
PATH = "/caf\u00c3\u00a9/x"
ENVIRON = {
    "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", "SCRIPT_NAME": "", "PATH_INFO": PATH,
    "QUERY_STRING": "q=%20", "HTTP_HOST": "a.example", "HTTP_X_TAG": "one,two", "CONTENT_TYPE": "text/plain",
    "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
    "wsgi.version": (1, 0), "gunicorn.socket": None,
}  # fmt: skip
SCOPE = {
    "type": "http", "http_version": "1.1", "method": "GET", "path": "/café/x", "raw_path": b"/caf%C3%A9%2Fx",
    "query_string": b"q=%20", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("h", 2),
    "headers": [
        (b"host", b"a.example"), (b"x-tag", b"one"), (b"x-tag", b"two"), (b"x_odd", b"1"), (b"connection", b"close"),
        (b"content-type", b"text/plain"),
    ],
    "app": None,
}  # fmt: skip


def wsgi(head: bytes = HEAD, peer: str = "127.0.0.1:5", drop: str = "", **changed: object) -> dict[str, Remark]:
    environ = {**ENVIRON, **{key.replace("__", "."): value for key, value in changed.items()}}
    environ = {key: value for key, value in environ.items() if key != drop}
    remarks = against_wire("WSGI", tagged.dumps(environ), head, peer)
    return {".".join(remark.path): remark for remark in remarks}


def asgi(head: bytes = HEAD, peer: str = "127.0.0.1:5", drop: str = "", **changed: object) -> dict[str, Remark]:
    scope = {key: value for key, value in {**SCOPE, **changed}.items() if key != drop}
    remarks = against_wire("ASGI3", tagged.dumps(scope), head, peer)
    return {".".join(remark.path): remark for remark in remarks}


def test_every_key_of_an_environ_has_a_remark() -> None:
    said = wsgi()
    assert set(ENVIRON) <= set(said)
    assert {key: said[key].change for key in ("REQUEST_METHOD", "SERVER_PROTOCOL", "QUERY_STRING", "HTTP_HOST")} == {
        "REQUEST_METHOD": "same", "SERVER_PROTOCOL": "same", "QUERY_STRING": "same", "HTTP_HOST": "same",
    }  # fmt: skip
    assert said["PATH_INFO"].change == "decoded"
    assert "latin-1" in said["PATH_INFO"].text
    assert "escaped slash" in said["PATH_INFO"].text
    assert "2 fields X-Tag on the wire, joined by ','" in said["HTTP_X_TAG"].text
    assert (said["HTTP_X_ODD"].change, said["HTTP_CONNECTION"].change) == ("dropped", "dropped")
    assert "underscore" in said["HTTP_X_ODD"].text
    assert "7.6.1" in said["HTTP_CONNECTION"].text
    assert "lost case" in said["CONTENT_TYPE"].text
    assert "interface asks" in said["wsgi.version"].text
    assert "not from the wire" in said["gunicorn.socket"].text
    assert "string, as CGI" in said["SERVER_PORT"].text
    assert "'a.example'" in said["SERVER_NAME"].text


@pytest.mark.parametrize(
    ("key", "value", "change", "says"),
    [
        ("SERVER_PROTOCOL", "HTTP/1", "changed", "'HTTP/1.1' on the wire"),
        ("PATH_INFO", "/caf%C3%A9%2Fx", "changed", "not undone"),
        ("PATH_INFO", "/café/x", "changed", "decoded as UTF-8"),
        ("PATH_INFO", "/other", "changed", "on the wire"),
        ("QUERY_STRING", "q= ", "changed", "'q=%20' on the wire"),
        ("RAW_URI", "/caf%C3%A9%2Fx?q=%20", "same", "As on the wire"),
        ("HTTP_X_TAG", "two", "changed", "only the last"),
        ("HTTP_X_TAG", "one", "changed", "only the first"),
        ("HTTP_X_TAG", "three", "changed", "['one', 'two']"),
        ("HTTP_HOST", "other", "changed", "'a.example' on the wire"),
        ("HTTP_NEW", "x", "added", "server put it there"),
        ("HTTP_CONTENT_TYPE", "text/plain", "added", "Once more"),
        ("SERVER_PORT", 80, "added", "a number"),
        ("SCRIPT_NAME", "/shop", "added", "told that the application is"),
        ("REMOTE_ADDR", "10.0.0.9", "added", "the client's is 127.0.0.1"),
    ],
)
def test_what_was_done_to_a_key_of_an_environ(key: str, value: object, change: str, says: str) -> None:
    said = wsgi(**{key: value})[key]
    assert (said.change, says in said.text) == (change, True), said


def test_what_is_missing_in_an_environ() -> None:
    assert wsgi(drop="REQUEST_METHOD")["REQUEST_METHOD"].change == "dropped"
    assert wsgi(drop="QUERY_STRING")["QUERY_STRING"].change == "dropped"
    assert wsgi(b"GET / HTTP/1.1\r\n\r\n", drop="QUERY_STRING")["QUERY_STRING"].change == "same"
    fewer = {
        key: value for key, value in ENVIRON.items() if not key.startswith(("SERVER_N", "SERVER_PORT", "wsgi.url"))
    }
    said = against_wire("WSGI", tagged.dumps({**fewer, "REMOTE_ADDR": None, "SCRIPT_NAME": ""}), HEAD, "")
    assert ("SERVER_NAME",) not in [remark.path for remark in said]
    del fewer["SCRIPT_NAME"]
    assert ("SCRIPT_NAME",) not in [r.path for r in against_wire("WSGI", tagged.dumps(fewer), HEAD, "")]


def test_plain_paths_and_mounted_ones() -> None:
    head = b"GET /shop/a HTTP/1.1\r\n\r\n"
    assert wsgi(head, SCRIPT_NAME="/shop", PATH_INFO="/a")["PATH_INFO"].change == "same"
    assert wsgi(head, PATH_INFO="/shop/a")["PATH_INFO"].text == "As on the wire."
    assert wsgi(b"GET http://h/a?b HTTP/1.1\r\n\r\n", PATH_INFO="/a", QUERY_STRING="b")["QUERY_STRING"].change == "same"
    assert wsgi(b"GET http://h HTTP/1.1\r\n\r\n", PATH_INFO="/")["PATH_INFO"].change == "same"
    assert wsgi(head)["SERVER_NAME"].text == "Where the server listens."


def test_two_names_that_become_one_key() -> None:
    said = wsgi(
        b"GET / HTTP/1.1\r\nX-A: 1\r\nX_A: 2\r\nX-SHOUT: s\r\nOther: x\r\n\r\n", HTTP_X_A="1,2", HTTP_X_SHOUT="s"
    )
    assert said["HTTP_X_A"].text.startswith("X-A and X_A became one key. 2 fields")
    assert said["HTTP_X_SHOUT"].text == "X-SHOUT on the wire."
    assert said["HTTP_OTHER"].text == "The field Other did not get there."


def test_what_a_proxy_said_and_whether_it_was_believed() -> None:
    head = b"GET / HTTP/1.1\r\nX-Forwarded-For: 9.9.9.9, 8.8.8.8\r\nX-Forwarded-Proto: https\r\n\r\n"
    said = wsgi(head, REMOTE_ADDR="9.9.9.9", wsgi__url_scheme="https")
    assert "Taken from X-Forwarded-For" in said["REMOTE_ADDR"].text
    assert "As X-Forwarded-Proto says" in said["wsgi.url_scheme"].text
    said = wsgi(head)
    assert "not believed" in said["REMOTE_ADDR"].text
    assert "not believed" in said["wsgi.url_scheme"].text
    assert "the client's is ::1" in wsgi(peer="[::1]:5")["REMOTE_ADDR"].text
    assert asgi(head, scheme="wss")["scheme"].change == "changed"


def test_every_key_of_a_scope_has_a_remark() -> None:
    said = asgi()
    assert set(SCOPE) <= set(said)
    assert said["path"].change == "decoded"
    assert "UTF-8" in said["path"].text
    assert [said[key].change for key in ("method", "http_version", "raw_path", "query_string", "headers.host")] == [
        "same"
    ] * 5
    assert "in their order. Names are in lower case" in said["headers"].text
    assert said["headers.x-tag"].change == "same"
    assert "interface asks" in said["type"].text


@pytest.mark.parametrize(
    ("key", "value", "where", "change", "says"),
    [
        ("http_version", "1", "http_version", "changed", "'1.1' on the wire"),
        ("path", "/base/café/x", "path", "changed", "on the wire"),
        ("raw_path", b"/other", "raw_path", "changed", "b'/caf%C3%A9%2Fx' on the wire"),
        ("raw_path", None, "raw_path", "dropped", "optional"),
        ("client", ("127.0.0.1", "80"), "client", "changed", "port is a string"),
        ("client", None, "client", "added", "not from the wire"),
        ("server", ("/run/x", None), "server", "added", "listens"),
        ("root_path", "/shop", "root_path", "added", "told that the application is"),
        ("headers", None, "headers.host", "dropped", "did not get there"),
        ("headers", [(b"host", b"b"), "odd", (b"new", b"1")], "headers.host", "changed", "'a.example' on the wire"),
        ("headers", [(b"x-tag", b"one, two"), (b"new", b"1")], "headers.x-tag", "changed", "joined by ', '"),
        ("headers", [(b"x-tag", b"two"), (b"x-tag", b"one")], "headers.x-tag", "changed", "['one', 'two'] on the wire"),
        ("headers", [(b"new", b"1")], "headers.new", "added", "server put it there"),
        ("headers", [(b"new", b"1")], "headers", "changed", "some are missing"),
    ],
)
def test_what_was_done_to_a_key_of_a_scope(key: str, value: object, where: str, change: str, says: str) -> None:
    said = asgi(**{key: value})[where]
    assert (said.change, says in said.text) == (change, True), said


def test_scopes_that_lack_keys_or_have_a_root() -> None:
    assert "method" not in asgi(drop="method")
    assert "root_path" not in asgi(drop="root_path")
    assert asgi(drop="raw_path")["raw_path"].change == "dropped"
    assert asgi(drop="query_string")["query_string"].change == "dropped"
    assert "scheme" not in asgi(drop="scheme")
    assert "root_path before it" in asgi(root_path="/r", path="/r/café/x")["path"].text
    assert asgi(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", path="/")["headers"].text.endswith("another place.")


def test_without_both_sides_there_is_nothing_to_say() -> None:
    assert against_wire("WSGI", tagged.dumps(ENVIRON), b"", "") == []
    assert against_wire("WSGI", "", HEAD, "") == []
    assert against_wire("WSGI", "[1]", HEAD, "") == []
    assert cgi_key("content-length") == "CONTENT_LENGTH"
