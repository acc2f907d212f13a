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


def test_aliases_name_modes() -> None:
    assert set(ALIASES.values()) <= set(MODES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("gunicorn", "gunicorn-sync"), ("UVICORN", "uvicorn"), ("uvicron", "uvicorn"), ("waitres", "waitress"), ("?", "")],
)
def test_what_somebody_may_have_meant(typed: str, meant: str) -> None:
    assert nearest(typed) == meant
