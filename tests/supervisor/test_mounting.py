from __future__ import annotations

import pytest

from supervisor.mounting import normal, refusal
from supervisor.servers.catalogue import MODES
from supervisor.servers.custom import CUSTOM


@pytest.mark.parametrize(
    ("asked", "wanted"), [("", ""), ("/", ""), ("api", "/api"), (" /api/v2/ ", "/api/v2"), ("//a", "/a")]
)
def test_one_way_to_say_it(asked: str, wanted: str) -> None:
    assert normal(asked) == wanted


@pytest.mark.parametrize("mode", [mode for mode in MODES.values() if mode.slug not in ("wsgiref", "gunicorn-uvicorn")])
def test_who_can_be_told(mode: object) -> None:
    assert refusal(mode, "/api/v2") is None  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/a b", "/a?b", "/a/../é", "/a//b", "/%20"])
def test_what_is_no_path(path: str) -> None:
    problem = refusal(MODES["uvicorn"], path)
    assert problem is not None
    assert problem.usage


def test_who_cannot_be_told() -> None:
    assert refusal(MODES["wsgiref"], "") is None
    for slug, first in (("wsgiref", "waitress"), ("gunicorn-uvicorn", "gunicorn-asgi")):
        problem = refusal(MODES[slug], "/api")
        assert problem is not None
        assert problem.ways_out[0].mode == first
        assert {MODES[way.mode].interface for way in problem.ways_out if way.mode} == {MODES[slug].interface}
    problem = refusal(CUSTOM, "/api")
    assert problem is not None
    assert "into the command" in problem.ways_out[0].text


def test_not_twice() -> None:
    assert refusal(MODES["uvicorn"], "/api", ("--log-level", "debug")) is None
    for arguments in (("--root-path", "/b"), ("--root-path=/b",)):
        problem = refusal(MODES["uvicorn"], "/api", arguments)
        assert problem is not None
        assert problem.what == "The root path is given twice."
