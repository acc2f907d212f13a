"""The scope that a server hands in: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.contract import judge
from inspector.tagged import Opaque, dumps
from tests.support.cases import (
    RETURN,
    SCOPE,
    SOCKET_SCOPE,
    body,
    found,
    got,
    holds,
    http,
    lifespan,
    sent,
    start,
    websocket,
)  # fmt: skip

ANSWER = (start(), body(), RETURN)
FINE = http(*ANSWER)


def scope(**keys: Any):
    return http(*ANSWER, scope=keys)


def socket(**keys: Any):
    return websocket(got("websocket.connect"), sent("websocket.close"), RETURN, scope=keys)


def without(key: str, *, base: dict[str, Any] = SCOPE):
    context = dumps({name: value for name, value in base.items() if name != key})
    return http(*ANSWER, context=context) if base is SCOPE else socket_of(context)


def socket_of(context: str):
    return websocket(got("websocket.connect"), sent("websocket.close"), RETURN, context=context)


def asked(target: str, **keys: Any):
    return http(*ANSWER, scope=keys, target=target)


def headers(value: Any, wire: bytes = b"Host: here\r\n", **keys: Any):
    head = b"GET /a HTTP/1.1\r\n" + wire + b"\r\n"
    return http(*ANSWER, scope={"headers": value, **keys}, request_head=head)


HOST = (b"host", b"here")
ASGI = {"version": "3.0", "spec_version": "2.5"}
VOILA = "Host: here\r\na: voilà\r\n".encode()  # the last byte of which is a blank in latin-1
TABLE = [
    ("ASGI-SC-02", "violation", scope(type=b"http"), FINE),
    ("ASGI-SC-03", "warning", without("asgi"), FINE),
    ("ASGI-SC-03", "warning", scope(asgi={}), scope(asgi={"version": "3.0"})),
    ("ASGI-SC-04", "warning", scope(asgi={**ASGI, "spec_version": "2.9"}), scope(asgi=ASGI)),
    ("ASGI-SC-04", "warning", lifespan(scope={"asgi": ASGI}), lifespan()),
    ("ASGI-SC-05", "violation", http(*ANSWER, scope={1: 2}), FINE),
    ("ASGI-SC-06", "violation", scope(extensions={"x": True}), scope(extensions={"x": {}})),
    ("ASGI-SC-06", "violation", scope(extensions=["x"]), scope(extensions=None)),
    ("ASGI-HSC-01", "violation", scope(http_version="1"), scope(http_version="1.0")),
    ("ASGI-HSC-01", "violation", without("http_version"), without("http_version", base=SOCKET_SCOPE)),
    ("ASGI-HSC-02", "violation", scope(method="get"), scope(method="PROPFIND")),
    ("ASGI-HSC-02", "violation", without("method"), socket()),
    ("ASGI-HSC-03", "violation", scope(scheme=""), without("scheme")),
    ("ASGI-HSC-03", "violation", scope(scheme=b"http"), scope(scheme="https")),
    ("ASGI-HSC-04", "violation", asked("/%20", path="/%20", raw_path=None), asked("/%20", path="/ ", raw_path=b"/%20")),
    ("ASGI-HSC-04", "violation", scope(path=b"/a"), scope(path="/a")),
    ("ASGI-HSC-04", "violation", asked("/%C3%A9", path="/Ã©", raw_path=None),
     asked("/%C3%A9", path="/é", raw_path=None)),
    ("ASGI-HSC-04", "violation", scope(path="/b"), asked("/%ff", path="/?", raw_path=b"/%ff")),
    ("ASGI-HSC-04", "warning", asked("http://x/a", path="http://x/a"), asked("*", path="*", raw_path=None)),
    ("ASGI-HSC-04", "violation", scope(path="/b"), asked("/x%20", path="/m/x ", root_path="/m", raw_path=b"/x%20")),
    ("ASGI-HSC-04", "violation", scope(path="/b"), asked("/x", path="/é/x", root_path="/é/", raw_path=b"/x")),
    ("ASGI-HSC-05", "violation", scope(raw_path="/a"), scope(raw_path=None)),
    ("ASGI-HSC-05", "violation", scope(raw_path=b"/a?x"), asked("/a?x", query_string=b"x")),
    ("ASGI-HSC-05", "warning", scope(raw_path=b"/b/a", path="/b/a", root_path="/b"), scope(raw_path=b"/a")),
    ("ASGI-HSC-06", "violation", asked("/a?x", query_string=b"?x"), asked("/a??x", query_string=b"?x")),
    ("ASGI-HSC-06", "violation", asked("/a?x", query_string=b""), asked("/a?", query_string=b"")),
    ("ASGI-HSC-06", "violation", without("query_string"), without("query_string", base=SOCKET_SCOPE)),
    ("ASGI-HSC-07", "warning", scope(root_path="/api"), asked("/b/x", root_path="/b", path="/b/x", raw_path=None)),
    ("ASGI-HSC-07", "warning", scope(root_path=b"/a"), scope(root_path="/a")),
    ("ASGI-HSC-08", "violation", headers([("host", "here")]), headers([HOST])),
    ("ASGI-HSC-08", "note", headers([(b"Host", b"here")]), headers([HOST])),
    ("ASGI-HSC-09", "violation", headers([HOST, (b":authority", b"x")]), headers([HOST])),
    ("ASGI-HSC-10", "violation", headers([], http_version="2"), headers([HOST], http_version="2")),
    ("ASGI-HSC-11", "warning", scope(client=("::1", "80")), scope(client=("::1", 80))),
    ("ASGI-HSC-11", "violation", scope(client="::1"), scope(client=None)),
    ("ASGI-HSC-11", "violation", scope(client=("/run/x", None)), scope(client=Opaque("Address", "Address()"))),
    ("ASGI-HSC-12", "violation", scope(server=(b"x", 80)), scope(server=("/run/x", None))),
    ("ASGI-HSC-14", "warning", headers([HOST, (b"a", b"1, 2")], b"Host: here\r\na: 1\r\na: 2\r\n"),
     headers([(b"a", b"1"), HOST, (b"a", b"2")], b"Host: here\r\na: 1\r\na: 2\r\n")),
    ("ASGI-HSC-14", "warning", headers([HOST, (b"a", b"voil\xc3")], VOILA),
     headers([HOST, (b"a", b"voil\xc3\xa0")], VOILA)),
    ("ASGI-HSC-14", "note", headers([HOST], b"Host: here\r\nx_a: 1\r\n"), headers([HOST])),
    ("ASGI-HSC-15", "note", headers(Opaque("list_iterator", "<it>")), headers(Opaque("Headers", "Headers()"))),
    ("ASGI-WSC-01", "warning", socket(scheme="http"), socket(scheme="wss")),
    ("ASGI-WSC-02", "violation", socket(subprotocols="chat"), socket(subprotocols=())),
    ("ASGI-WSC-02", "violation", socket(subprotocols=[b"chat"]), socket(subprotocols=Opaque("Names", "Names()"))),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_a_right_scope_breaks_nothing() -> None:
    assert found(FINE) == set()
    assert found(socket()) == set()


def test_of_a_request_that_did_not_pass_the_proxy_the_wire_is_not_known() -> None:
    assert (
        found(http(*ANSWER, request_head=b"", scope={"raw_path": b"/b", "path": "/b", "query_string": b"x"})) == set()
    )


def test_a_call_without_a_scope() -> None:
    assert found(http(*ANSWER, context="")) == set()


def test_what_differs_is_counted_and_not_shown() -> None:
    case = headers([HOST], b"Host: here\r\nauthorization: a secret\r\nauthorization: b\r\nauthorization: c\r\n")
    assert [finding.detail for finding in judge(case)] == ["authorization: the wire had 3, the scope has none."]


def test_a_query_is_told_without_its_secrets() -> None:
    [finding] = judge(asked("/a?x=1&token=s3cret", query_string=b"?x=1&token=s3cret"))
    assert finding.detail == "It is b'?x=1&token=[masked]'; the wire had b'x=1&token=[masked]'."
