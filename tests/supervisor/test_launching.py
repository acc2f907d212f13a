from __future__ import annotations

import json

import pytest

from supervisor.launching import environment, lendable, listen, meddling, user_environment
from tests.supervisor.test_boot import LAUNCH, PLAN


def test_the_word_to_the_probe() -> None:
    from dataclasses import replace

    env = environment(replace(PLAN, env={"HOME": "/h", "PYTHONUNBUFFERED": ""}))
    assert (env["HOME"], env["PYTHONUNBUFFERED"]) == ("/h", "")
    word = json.loads(env["GATESCOPE_LAUNCH"])
    assert word["server"] == "waitress"
    assert word["argv"] == ["waitress-serve", "--threads", "1", "main:app"]
    assert (word["adapt"], word["lend"]) == (None, {})
    adapted = replace(PLAN, launch=replace(LAUNCH, adapted=True, interface="ASGI3"))
    word = json.loads(environment(adapted)["GATESCOPE_LAUNCH"])
    assert (word["adapt"], word["lend"]) == ("asgi-to-wsgi", lendable())
    adapted = replace(PLAN, launch=replace(LAUNCH, adapted=True))
    assert json.loads(environment(adapted)["GATESCOPE_LAUNCH"])["adapt"] == "wsgi-to-asgi"


def test_a_listening_socket() -> None:
    with listen() as first:
        host, port = first.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(OSError, match="in use"):
            listen(host, port)


def test_what_meddles_is_named() -> None:
    env = {"WEB_CONCURRENCY": "4", "UVICORN_PORT": "1", "PATH": "/bin", "GUNICORN_CMD_ARGS": "--reload"}
    assert meddling(env) == ["GUNICORN_CMD_ARGS=--reload", "UVICORN_PORT=1", "WEB_CONCURRENCY=4"]
    assert user_environment((("A", "b"),))["A"] == "b"
