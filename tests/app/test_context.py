"""Environ and scope as trees, and what their keys are."""

from __future__ import annotations

import pytest

from app.traffic import context
from app.traffic.context import Node
from app.traffic.explanations import ASGI, WSGI, explain
from inspector import tagged

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "path": "/é",
    "raw_path": b"/%C3%A9",
    "query_string": b"a=%20b",
    "headers": [[b"host", b"a.example"], (b"x-odd", b"\xe9")],
    "client": ("::1", 4711),
    "server": ["127.0.0.1", 80],
    "subprotocols": [],
    "flag": ("yes", True),
    "many": [1, 2, 3, 4, 5],
    "mixed": [{"a": 1}],
    "app": tagged.Opaque("FastAPI", "<FastAPI object>"),
    "state": {1: "one"},
    "nothing": None,
}


def nodes(value: dict[object, object]) -> dict[str, Node]:
    return {node.key: node for node in context.tree(tagged.dumps(value))}


def test_a_scope_becomes_rows_in_order_with_types_and_decoded_values() -> None:
    rows = nodes(SCOPE)
    assert list(rows) == list(SCOPE)
    assert (rows["raw_path"].type, rows["raw_path"].value, rows["raw_path"].decoded) == ("bytes", "b'/%C3%A9'", "/é")
    assert rows["query_string"].decoded == "a= b"
    assert (rows["client"].value, rows["client"].decoded) == ("('::1', 4711)", "[::1]:4711")
    assert rows["server"].decoded == "127.0.0.1:80"
    assert rows["flag"].decoded == ""
    assert rows["app"] == Node(("app",), "FastAPI", "<FastAPI object>")
    assert (rows["path"].decoded, rows["nothing"].type) == ("", "NoneType")


def test_what_is_nested_has_children() -> None:
    rows = nodes(SCOPE)
    assert [(child.key, child.decoded) for child in rows["headers"].children] == [("host", "a.example"), ("x-odd", "é")]
    assert rows["headers"].value == "2 fields"
    assert (rows["asgi"].value, rows["asgi"].children[1].path) == ("2 keys", ("asgi", "spec_version"))
    assert (rows["many"].value, len(rows["many"].children)) == ("5 items", 5)
    assert rows["mixed"].children[0].children[0].path == ("mixed", "0", "a")
    assert (rows["state"].value, rows["state"].children[0].key) == ("1 key", "1")
    assert rows["subprotocols"].value == "[]"


@pytest.mark.parametrize(
    ("key", "value", "decoded"),
    [
        ("PATH_INFO", "/Ã©", "/é"),
        ("PATH_INFO", "/plain", ""),
        ("SCRIPT_NAME", "/\xe9", ""),
        ("PATH_INFO", "/€", ""),
        ("QUERY_STRING", "a=%C3%A9", "a=é"),
        ("HTTP_HOST", "a%20b", ""),
        ("body", b"\xff", "\\xff"),
        ("wsgi.multithread", True, ""),
    ],
)
def test_what_is_encoded_is_decoded(key: str, value: object, decoded: str) -> None:
    assert context.decoded(key, value) == decoded


@pytest.mark.parametrize("text", ["", "not json", "[1]", '{"$int": "x"}'])
def test_what_is_not_a_context_has_no_rows(text: str) -> None:
    assert context.tree(text) == []


def test_the_tree_can_be_copied() -> None:
    text = context.as_text(context.tree(tagged.dumps({"raw_path": b"/a", "asgi": {"version": "3.0"}, "n": 1})))
    assert text == "raw_path: /a\nasgi: 1 key\n  version: '3.0'\nn: 1"
    assert Node((), "", "").key == ""


def test_every_standard_key_is_explained_with_its_source() -> None:
    standard = (
        "REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING CONTENT_TYPE CONTENT_LENGTH SERVER_NAME SERVER_PORT "
        "SERVER_PROTOCOL wsgi.version wsgi.url_scheme wsgi.input wsgi.errors wsgi.multithread wsgi.multiprocess "
        "wsgi.run_once"
    )
    assert set(standard.split()) <= set(WSGI)
    scope = (
        "type asgi http_version method scheme path raw_path query_string root_path headers client server subprotocols"
    )
    assert {*scope.split(), "extensions", "state"} <= set(ASGI)
    assert all(known.text.endswith(".") and known.source for known in (*WSGI.values(), *ASGI.values()))


def test_keys_are_explained_by_name_by_family_and_by_what_they_are_in() -> None:
    assert explain("WSGI", ("HTTP_X_REQUEST_ID",)).text.startswith("The request's X-Request-Id field")  # type: ignore[union-attr]
    assert "no prefix" in explain("WSGI", ("HTTP_CONTENT_LENGTH",)).text  # type: ignore[union-attr]
    assert "gunicorn" in explain("WSGI", ("gunicorn.socket",)).text  # type: ignore[union-attr]
    assert explain("WSGI", ("ODD",)) is None
    assert explain("WSGI", ()) is None
    assert explain("ASGI3", ("odd",)) is None
    assert explain("ASGI3", ("headers", "host")) is ASGI["headers"]
    assert explain("ASGI3", ("asgi", "spec_version")) is ASGI["asgi.spec_version"]
    assert explain("ASGI3", ("extensions", "tls")) is ASGI["extensions.tls"]


def test_the_parameters_of_a_query_are_under_it() -> None:
    [query] = context.tree(tagged.dumps({"query_string": b"a=%20b&a=2&c"}))
    assert [(node.path, node.value) for node in query.children] == [
        (("query_string", "a"), "' b'"), (("query_string", "a"), "'2'"), (("query_string", "c"), "''"),
    ]  # fmt: skip
    [query] = context.tree(tagged.dumps({"QUERY_STRING": ""}))
    assert query.children == []


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (("HTTP_AUTHORIZATION",), True),
        (("HTTP_X_API_KEY",), True),
        (("HTTP_HOST",), False),
        (("headers", "cookie"), True),
        (("headers", "host"), False),
        (("query_string", "token"), True),
        (("authorization",), False),
        ((), False),
    ],
)
def test_what_is_secret(path: tuple[str, ...], secret: bool) -> None:
    assert context.secret(path) is secret


def test_secrets_can_be_left_out_of_a_copy() -> None:
    nodes = context.tree(tagged.dumps({"HTTP_COOKIE": "a=1", "HTTP_HOST": "h"}))
    assert context.as_text(nodes, secrets=False).split("\n")[1] == "HTTP_HOST: 'h'"
    assert "a=1" not in context.as_text(nodes, secrets=False)
