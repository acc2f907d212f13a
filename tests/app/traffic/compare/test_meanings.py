"""What the messages of both interfaces mean, and that there are words for all of it."""

from __future__ import annotations

import pytest

from app.traffic.compare.meanings import WORDS, Meaning, is_last, meaning
from inspector.model import Message


def message(kind: str, size: int = 0, info: str = "", side: str = "app") -> Message:
    return Message(1, 0, 0, side, "out", kind, size, info=info)


@pytest.mark.parametrize(
    ("said", "wsgi", "meant"),
    [
        (message("call"), True, Meaning.CALL),
        (message("return"), True, Meaning.HANDED),
        (message("return"), False, Meaning.FINISHED),
        (message("close"), True, Meaning.FINISHED),
        (message("start_response"), True, Meaning.START),
        (message("http.response.start"), False, Meaning.START),
        (message("input.readline", 3), True, Meaning.READ),
        (message("http.request", 3), False, Meaning.READ),
        (message("iterate", 3, '{"stop":true}'), True, Meaning.PIECE),
        (message("iterate", 0, '{"stop":true}'), True, Meaning.END),
        (message("iterate"), True, Meaning.EMPTY),
        (message("write", 3), True, Meaning.PIECE),
        (message("http.response.body", 3), False, Meaning.PIECE),
        (message("http.response.body"), False, Meaning.END),
        (message("http.response.body", info='{"more_body":true}'), False, Meaning.EMPTY),
        (message("http.response.pathsend"), False, Meaning.PIECE),
        (message("http.response.early_hint"), False, Meaning.EXTRA),
        (message("http.disconnect"), False, Meaning.GONE),
        (message("websocket.send"), False, Meaning.SOCKET),
        (message("lifespan.startup"), False, Meaning.LIFESPAN),
        (message("raise"), True, Meaning.RAISE),
        (message("errors.write"), True, Meaning.LOG),
        (message("something.new"), False, Meaning.EXTRA),
        (message("response.body", 3, side="wire"), True, Meaning.WIRE),
    ],
)
def test_meanings(said: Message, wsgi: bool, meant: Meaning) -> None:
    assert meaning(said, wsgi=wsgi) is meant


def test_the_last_piece_says_so() -> None:
    assert is_last(message("iterate", 3, '{"stop":true}'))
    assert not is_last(message("http.response.body", 3, '{"more_body":true}'))


def test_there_are_words_for_every_meaning() -> None:
    assert WORDS.keys() == set(Meaning)
    for words in WORDS.values():
        for text in (words.both, words.wsgi, words.asgi, words.same):
            assert not text or text.endswith(".")
            assert len(text) <= 120
