"""The extensions of ASGI: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.model import Message
from inspector.tagged import Opaque
from tests.support.cases import (
    REQUEST,
    RETURN,
    answered,
    body,
    found,
    got,
    holds,
    http,
    raised,
    sent,
    start,
    websocket,
)  # fmt: skip

ALL = ("trailers", "early_hint", "zerocopysend", "pathsend", "push")
OFFERED = {"extensions": {f"http.response.{name}": {} for name in ALL}}
DEBUG = {"extensions": {"http.response.debug": {}}}
MORE = body(more_body=True)
HINT = sent("http.response.early_hint", links=[b"</a>; rel=preload"])
PATH = sent("http.response.pathsend", path="/srv/a.txt")
FILE = sent("http.response.zerocopysend", file=Opaque("_io.FileIO", "<file>"))
PUSH = sent("http.response.push", path="/a.css", headers=[])
PROMISED = start(headers=((b"content-type", b"a/b"), (b"trailer", b"x-sum, x-b")), trailers=True)
HEADED = start(headers=((b"content-type", b"a/b"), (b"content-length", b"5")))
CONNECT, ACCEPT = got("websocket.connect"), sent("websocket.accept")
DENY = sent("websocket.http.response.start", status=404, headers=[])
NO = sent("websocket.http.response.body", body=b"no")


def with_(*story: Message, scope: dict[str, Any] | None = None, **fields: Any):
    return answered(
        *story, **fields, scope={**OFFERED, "headers": [(b"host", b"here"), (b"te", b"trailers")], **(scope or {})}
    )


def trailing(*headers: Any, **keys: Any):
    return with_(PROMISED, body(), sent("http.response.trailers", headers=list(headers), **keys))


SUM = (b"x-sum", b"1")
TRAILERS = sent("http.response.trailers", headers=[SUM])
NO_TE = {"headers": [(b"host", b"here")]}


def hinted(links: Any):
    return with_(sent("http.response.early_hint", links=links), start(), body())


def zero(**keys: Any):
    return with_(start(), sent("http.response.zerocopysend", file=Opaque("_io.FileIO", "<file>"), **keys))


def path(value: Any):
    return with_(HEADED, sent("http.response.pathsend", path=value))


def pushed(**keys: Any):
    return with_(start(), sent("http.response.push", **keys), body())


def debugged(info: Any, *more: Message):
    return answered(sent("http.response.debug", info=info), *more, start(), body(), scope={**DEBUG}, request_head=b"")


def denied(*story: Message, **fields: Any):
    return websocket(CONNECT, *story, RETURN, status=404, **fields)


def denial(status: Any = 404, headers: Any = (), data: Any = b"no"):
    headers = list(headers) if isinstance(headers, tuple) else headers
    refusal = sent("websocket.http.response.start", status=status, headers=headers)
    return denied(refusal, sent("websocket.http.response.body", body=data))


def tls(scheme: str = "https", **keys: Any):
    said = {"server_cert": None, "tls_version": 772, "cipher_suite": None, **keys}
    said = {key: value for key, value in said.items() if value != "missing"}
    return http(start(), body(), RETURN, scope={"scheme": scheme, "extensions": {"tls": said}})


TABLE = [
    ("ASGI-TR-02", "violation", with_(start(), body(), TRAILERS), with_(PROMISED, body(), TRAILERS)),
    ("ASGI-TR-03", "violation", with_(PROMISED, body()), trailing()),
    ("ASGI-TR-04", "violation", with_(PROMISED, MORE, TRAILERS), with_(PROMISED, MORE, body(), TRAILERS)),
    ("ASGI-TR-04", "violation", with_(TRAILERS), trailing()),
    ("ASGI-TR-05", "warning", with_(PROMISED, body(), TRAILERS, TRAILERS),
     with_(PROMISED, body(), sent("http.response.trailers", headers=[SUM], more_trailers=True), TRAILERS)),
    ("ASGI-TR-06", "violation", trailing(("x-sum", "1")), trailing(SUM)),
    ("ASGI-TR-06", "violation", trailing((b"X-Sum", b"1")), trailing(SUM)),
    ("ASGI-TR-07", "warning", trailing((b"x-c", b"1")), trailing((b"x-b", b"1"))),
    ("ASGI-TR-08", "note", with_(PROMISED, body(), TRAILERS, scope=NO_TE), trailing(SUM)),
    ("ASGI-TR-09", "warning", trailing((b"content-length", b"1")), trailing(SUM)),
    ("ASGI-TR-10", "warning", answered(PROMISED, body()), with_(PROMISED, body())),
    ("ASGI-EH-02", "violation", hinted(["</a>"]), hinted((b"</a>",))),
    ("ASGI-EH-02", "violation", hinted("</a>"), hinted(Opaque("Links", "Links()"))),
    ("ASGI-EH-03", "violation", with_(start(), HINT, body()), with_(HINT, HINT, start(), body())),
    ("ASGI-ZC-03", "violation", zero(offset="0"), zero(offset=0)),
    ("ASGI-ZC-03", "violation", zero(count=-1), zero(count=None)),
    ("ASGI-ZC-04", "violation", with_(FILE), with_(start(), FILE)),
    ("ASGI-ZC-04", "violation", with_(start(), FILE, FILE), with_(start(), MORE, FILE)),
    ("ASGI-PS-02", "violation", path("a.txt"), path("/a.txt")),
    ("ASGI-PS-02", "violation", path(b"/a.txt"), path("C:\\a.txt")),
    ("ASGI-PS-03", "violation", with_(PATH), with_(HEADED, PATH)),
    ("ASGI-PS-04", "violation", with_(HEADED, MORE, PATH), with_(HEADED, PATH)),
    ("ASGI-PS-04", "violation", with_(HEADED, PATH, body()), with_(HEADED, body())),
    ("ASGI-PS-05", "violation", with_(HEADED, PATH, PATH), with_(HEADED, PATH)),
    ("ASGI-PS-06", "warning", with_(start(), PATH), with_(HEADED, PATH)),
    ("ASGI-DR-02", "violation", websocket(CONNECT, ACCEPT, DENY), denied(DENY, NO)),
    ("ASGI-DR-02", "violation", websocket(DENY), denied(DENY, NO)),
    ("ASGI-DR-03", "violation", denied(NO), denied(DENY, NO)),
    ("ASGI-DR-04", "violation", denied(DENY, ACCEPT), denied(DENY, NO)),
    ("ASGI-DR-05", "violation", denied(DENY), denied(DENY, NO)),
    ("ASGI-DR-05", "violation", denied(DENY, sent("websocket.http.response.body", more_body=True)),
     denied(DENY, got("websocket.disconnect", code=1006))),
    ("ASGI-DR-06", "violation", denial(headers=(("a", "b"),)), denial(headers=((b"a", b"b"),))),
    ("ASGI-DR-06", "violation", denial(status="404"), denial(status=Opaque("http.HTTPStatus", "<HTTPStatus.OK>"))),
    ("ASGI-DR-06", "violation", denial(data="no"), denial(data=b"")),
    ("ASGI-DR-07", "note", denial(status=200), denial(status=300)),
    ("ASGI-DR-07", "violation", denial(status=101), denial(status=401)),
    ("ASGI-DBG-01", "violation", debugged({}, sent("http.response.debug", info={})), debugged({})),
    ("ASGI-DBG-01", "violation", answered(start(), sent("http.response.debug", info={}), body(), scope=DEBUG),
     debugged({})),
    ("ASGI-DBG-02", "violation", debugged([]), debugged({"a": 1})),
    ("ASGI-DBG-02", "violation", debugged({1: 1}), debugged({})),
    ("ASGI-DBG-03", "warning", answered(start(), body(), scope=DEBUG), debugged({})),
    ("ASGI-PU-01", "violation", with_(PUSH, start(), body()), with_(start(), PUSH, body())),
    ("ASGI-PU-02", "violation", pushed(path=b"/a", headers=[]), pushed(path="/a", headers=[])),
    ("ASGI-PU-02", "violation", pushed(path="/a", headers=[(b"A", b"b")]), pushed(path="/a", headers=[(b"a", b"b")])),
    ("ASGI-PU-03", "note", pushed(path="/a", headers=[]), with_(HINT, start(), body())),
    ("ASGI-TLS-01", "violation", tls("http"), tls()),
    ("ASGI-TLS-02", "violation", tls(server_cert="missing"), tls()),
    ("ASGI-TLS-03", "violation", tls(tls_version="TLSv1.3"), tls(tls_version=772)),
    ("ASGI-TLS-03", "violation", tls(server_cert=b"x"), tls(server_cert="x")),
    ("ASGI-TLS-05", "violation", tls(client_cert_chain=["x"]), tls(client_cert_chain=["x"], client_cert_name="y")),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


@pytest.mark.parametrize("story", [
    (PROMISED, body(), TRAILERS), (HINT, start(), body()), (start(), FILE), (HEADED, PATH),
    (PROMISED, PATH, TRAILERS),
])  # fmt: skip
def test_right_calls_break_nothing(story: tuple[Message, ...]) -> None:
    assert found(with_(*story)) <= {"ASGI-PS-06"}
    assert found(denied(DENY, NO)) == set()


def test_what_is_not_offered_is_not_judged_any_further() -> None:
    assert found(answered(FILE, start(), body())) == {"ASGI-MSG-12", "ASGI-MSG-09"}
    assert found(http(REQUEST, start(), PATH, PATH, RETURN)) == {"ASGI-MSG-12", "ASGI-MSG-09"}
    alone = {"extensions": {}}
    assert found(denied(DENY, NO, scope=alone)) == {"ASGI-MSG-12", "ASGI-MSG-09"}


def test_pushes_without_path_or_headers_lack_keys_and_no_more() -> None:
    assert found(pushed()) == {"ASGI-PU-03", "ASGI-MSG-07"}


def test_trailers_of_a_response_whose_start_was_refused() -> None:
    assert found(with_(PROMISED, raised("ValueError: no"))) == set()


def test_a_path_without_a_response() -> None:
    assert found(with_(PATH)) == {"ASGI-PS-03", "ASGI-HTTP-03"}


def test_other_strays_of_a_websocket_are_for_others_to_judge() -> None:
    assert found(websocket(ACCEPT)) == {"ASGI-WS-03"}
    assert found(denied(NO, scope={"extensions": {}})) == {"ASGI-MSG-12", "ASGI-MSG-09"}
    assert found(denied(DENY, got("websocket.receive", text="x"), NO)) == {"ASGI-WS-51"}


def test_of_what_was_not_recorded_whole_no_order_is_told() -> None:
    assert found(with_(TRAILERS, dropped=1)) == set()
    assert found(denied(NO, dropped=1)) == set()
