"""Headers and keys as text, by the names that filters give them."""

from __future__ import annotations

import json

import pytest

from inspector import fields, tagged

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec": {"at": 2.5}},
    "raw_path": b"/caf\xe9",
    "client": ("::1", 80),
    "server": ("a.example", 443),
    "pair": ("a", "b"),
    "objects": tagged.Opaque("Body", "<Body>"),
    "list": [1, "x"],
    "large": 2**70,
    "none": None,
    "yes": True,
    "headers": [(b"host", b"x")],
    "a.b": "with a dot",
}


def test_a_scope_as_text():
    found = fields.keys("ASGI3", tagged.dumps(SCOPE))
    assert found["scope.type"] == "http"
    assert found["scope.asgi.version"] == "3.0"
    assert found["scope.asgi.spec.at"] == "2.5"
    assert json.loads(found["scope.asgi"]) == {"version": "3.0", "spec": {"at": 2.5}}
    assert found["scope.raw_path"] == "/caf\xe9"
    assert (found["scope.client"], found["scope.server"]) == ("[::1]:80", "a.example:443")
    assert found["scope.pair"] == '{"$tuple":["a","b"]}'
    assert found["scope.objects"] == "<Body>"
    assert found["scope.list"] == '[1,"x"]'
    assert found["scope.large"] == str(2**70)
    assert (found["scope.yes"], found["scope.a.b"]) == ("True", "with a dot")
    assert not {"scope.none", "scope.headers"} & set(found)


def test_an_environ_is_not_gone_into():
    found = fields.keys("WSGI", tagged.dumps({"wsgi.url_scheme": "http", "x": {"y": "z"}}))
    assert found == {"environ.wsgi.url_scheme": "http", "environ.x": '{"y":"z"}'}


@pytest.mark.parametrize(
    ("interface", "context"),
    [
        ("", "{}"),
        ("ASGI3", ""),
        ("ASGI3", "broken {"),
        ("WSGI", "[1]"),
        ("WSGI", "[" * 100_000),
        ("ASGI3", '{"a":null}'),
    ],
)
def test_what_is_no_context_has_no_keys(interface, context):
    assert fields.keys(interface, context) == {}


def test_tags_with_something_else_in_them_are_json():
    context = '{"a":{"$bytes":5},"b":{"$tuple":[1,2]},"c":{"$object":[1,"x"]},"d":{"$tuple":[1]},"e":{}}'
    assert fields.keys("WSGI", context) == {
        "environ.a": '{"$bytes":5}', "environ.b": '{"$tuple":[1,2]}', "environ.c": '{"$object":[1,"x"]}',
        "environ.d": '{"$tuple":[1]}', "environ.e": "{}",
    }  # fmt: skip


def test_all_fields_of_an_exchange():
    request = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nbroken\r\n\r\n"
    found = fields.every("WSGI", '{"A":"b"}', request, b"HTTP/1.1 200 OK\r\nServer: \xe9\r\n\r\n")
    assert found == {"environ.A": "b", "request.host": "x", "request.x-a": "1, 2", "response.server": "\xe9"}


def test_what_a_filter_calls_a_field():
    assert fields.names("header", "Host") == ("request.host", "response.host")
    assert fields.names("scope", "client") == ("scope.client",)


def test_one_side_s_header_by_name():
    assert fields.names("response", "Content-Type") == ("response.content-type",)
    assert fields.names("request", "HOST") == ("request.host",)
