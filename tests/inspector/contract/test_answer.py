"""One form for the answers of both interfaces."""

from __future__ import annotations

from inspector.contract.answer import answer_of
from tests.support import wsgi_cases as wsgi
from tests.support.cases import answered, body, event, http, lifespan, raised, sent, start

TEXT = [(b"content-type", b"text/plain")]


def test_an_answer_over_asgi() -> None:
    answer = answer_of(answered(start(201), body(b"", more_body=True), body(b"abc", more_body=True), body(b"de")))
    assert answer is not None
    assert (answer.status, answer.fields, answer.size, answer.whole) == (201, TEXT, 5, True)
    assert len(answer.body) == 2
    assert answer.end is not None
    assert answer.has(b"content-type")
    assert answer.values(b"x") == []


def test_an_answer_over_wsgi() -> None:
    case = wsgi.case(wsgi.start("404 No", [("Content-Type", "text/plain")]), wsgi.ret(), wsgi.stop(b"abc"))
    answer = answer_of(case)
    assert answer is not None
    assert (answer.status, answer.fields, answer.size, answer.whole) == (404, TEXT, 3, True)


def test_answers_that_are_not_whole() -> None:
    for story in ((start(),), (start(), body(more_body=True)), (start(), sent("http.response.pathsend", path="/a"))):
        answer = answer_of(http(*story))
        assert answer is not None
        assert not answer.whole
    refused = answer_of(http(start("x"), raised("TypeError: no"), status=500))
    assert refused is not None
    assert (refused.status, refused.end) == (500, None)


def test_where_there_is_none() -> None:
    assert answer_of(lifespan()) is None
    assert answer_of(http()) is None
    assert answer_of(http(event("in", "http.response.start"))) is None
    assert answer_of(wsgi.case(wsgi.ret())) is None
    assert answer_of(http(interface="")) is None
