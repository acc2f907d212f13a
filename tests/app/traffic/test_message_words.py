"""Every message that is recorded is explained, with a source; some by what they say."""

from __future__ import annotations

import re

import pytest

from app.traffic.message_words import explain
from inspector import model
from inspector.model import Message

WIRE = "request.head request.body request.end response.head response.body response.end informational ws.text ws.binary"
WIRE += " ws.ping ws.pong ws.close client.gone upstream.gone"
WSGI = "call return raise start_response write iterate close input.read input.readline input.readlines input.iterate"
WSGI += " errors.write"
ASGI = """call return raise http.request http.response.start http.response.body http.disconnect http.response.trailers
    http.response.early_hint http.response.push http.response.zerocopysend http.response.pathsend http.response.debug
    websocket.connect websocket.accept websocket.receive websocket.send websocket.disconnect websocket.close
    lifespan.startup lifespan.startup.complete lifespan.startup.failed lifespan.shutdown lifespan.shutdown.complete
    lifespan.shutdown.failed"""


def message(kind: str, side: str = "app", size: int = 0, info: str = "") -> Message:
    return Message(1, 0, 0, side, "out", kind, size, info=info)


@pytest.mark.parametrize(("kinds", "side", "wsgi"), [(WIRE, "wire", True), (WSGI, "app", True), (ASGI, "app", False)])
def test_every_message_has_words_and_a_source(kinds: str, side: str, wsgi: bool) -> None:
    for kind in kinds.split():
        found = explain(message(kind, side), wsgi=wsgi)
        assert found.text.endswith("."), kind
        assert found.source.startswith(("PEP 3333", "ASGI", "RFC ")), kind


def test_the_lists_above_are_complete() -> None:
    named = set(re.findall(r"[a-z_]+(?:\.[a-z_]+)*", (model.Message.__doc__ or "").replace("\n", " ")))
    assert {"ws.pong", "errors.write", "client.gone"} <= named
    assert {*WIRE.split(), *WSGI.split()} <= named


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (message("http.response.body", size=3, info='{"more_body":true}'), "stays open"),
        (message("http.response.body", size=3), "The last piece"),
        (message("http.response.body"), "The end"),
        (message("http.request", size=3, info='{"more_body":true}'), "there is more"),
        (message("http.request", size=3), "the last piece"),
        (message("http.request"), "no bytes"),
        (message("iterate", size=3, info='{"stop":true}'), "the only piece"),
        (message("iterate", info='{"stop":true}'), "there is none"),
        (message("iterate", size=3), "before it asks"),
        (message("iterate"), "an empty piece"),
    ],
)
def test_what_depends_on_the_message(said: Message, words: str) -> None:
    assert words in explain(said, wsgi=True).text


def test_what_nobody_lays_down() -> None:
    assert explain(message("rocket.launch"), wsgi=False).source == ""
    assert explain(message("rocket.launch", "wire"), wsgi=False).source == ""


def test_the_interface_decides_what_a_return_is() -> None:
    assert "iterable" in explain(message("return"), wsgi=True).text
    assert "coroutine" in explain(message("return"), wsgi=False).text
