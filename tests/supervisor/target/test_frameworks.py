from __future__ import annotations

from supervisor.target.frameworks import BY_NAME, Kind, known, wraps


def test_known_names() -> None:
    assert known("fastapi.applications.FastAPI") == Kind("ASGI", "FastAPI")
    assert known("falcon.App") == Kind("WSGI", "Falcon")
    assert known("falcon.asgi.App") == Kind("ASGI", "Falcon")
    assert known("nothing.FastAPI") is None


def test_what_is_put_around() -> None:
    inner = Kind("ASGI", "X")
    assert wraps("starlette.middleware.cors.CORSMiddleware", inner) == inner
    assert wraps("mine.middleware.traced", inner) == inner
    assert wraps("mine.Traced", inner) is None
    assert wraps("a2wsgi.WSGIMiddleware", None) == Kind("ASGI")
    assert wraps("a2wsgi.ASGIMiddleware", inner) == Kind("WSGI", "X")
    assert wraps("a2wsgi.other", None) is None


def test_names_that_mean_more_than_one_thing_are_not_enough() -> None:
    assert "App" not in BY_NAME
    assert BY_NAME["Flask"] == Kind("WSGI", "Flask")
