from __future__ import annotations

import pytest

from supervisor.servers.catalogue import ALIASES, MODES, nearest


def test_every_mode_is_complete() -> None:
    for slug, mode in MODES.items():
        assert mode.slug == slug
        assert mode.interface in {"WSGI", "ASGI"}
        assert mode.why.endswith(".")
        assert mode.stop
        assert mode.default_threads == 1 or mode.threads
        assert mode.needs or not mode.least
        assert mode.interface == "ASGI" or not mode.asgi2


def test_every_mode_there_is_to_be() -> None:
    assert list(MODES) == [
        "wsgiref", "waitress", "gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "granian-wsgi", "hypercorn-wsgi",
        "uvicorn", "gunicorn-uvicorn", "gunicorn-asgi", "hypercorn", "granian", "daphne",
    ]  # fmt: skip


def test_aliases_name_modes() -> None:
    assert set(ALIASES.values()) <= set(MODES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gunicorn", "gunicorn-sync"),
        ("UVICORN", "uvicorn"),
        ("uvicron", "uvicorn"),
        ("waitres", "waitress"),
        ("?", ""),
        ("gevent", "gunicorn-gevent"),
    ],
)
def test_what_somebody_may_have_meant(typed: str, meant: str) -> None:
    assert nearest(typed) == meant
