from __future__ import annotations

import errno
import json
import socket
from dataclasses import replace

import pytest

from supervisor.launching import environment, listen, meddling, reserve, user_environment
from supervisor.lending import Distribution, Loan
from supervisor.servers.catalogue import MODES
from tests.supervisor.test_boot import LAUNCH, PLAN


def test_the_word_to_the_probe() -> None:
    env = environment(replace(PLAN, env={"HOME": "/h", "PYTHONUNBUFFERED": ""}))
    assert (env["HOME"], env["PYTHONUNBUFFERED"]) == ("/h", "")
    word = json.loads(env["GATESCOPE_LAUNCH"])
    assert word["server"] == "waitress"
    assert word["argv"] == ["waitress-serve", "--threads", "1", "main:app"]
    assert (word["adapt"], word["lend"]) == (None, {"modules": {}, "metadata": {}})
    a2wsgi = Distribution(name="a2wsgi", version="1.10", modules={"a2wsgi": "/ours"}, metadata="/ours/a2wsgi.dist-info")
    adapted = replace(PLAN, launch=replace(LAUNCH, adapted=True, interface="ASGI3"), loan=Loan(lent=(a2wsgi,)))
    word = json.loads(environment(adapted)["GATESCOPE_LAUNCH"])
    assert word["adapt"] == "asgi-to-wsgi"
    assert word["lend"] == {"modules": {"a2wsgi": "/ours"}, "metadata": {"a2wsgi": "/ours/a2wsgi.dist-info"}}
    adapted = replace(PLAN, launch=replace(LAUNCH, adapted=True))
    assert json.loads(environment(adapted)["GATESCOPE_LAUNCH"])["adapt"] == "wsgi-to-asgi"


def test_a_listening_socket() -> None:
    with listen() as first:
        host, port = first.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(OSError, match="in use"):
            listen(host, port)


def test_a_port_that_is_kept_for_a_server() -> None:
    with reserve() as keeper:
        address = keeper.getsockname()
        with socket.socket() as client:  # nobody listens yet
            assert client.connect_ex(address) == errno.ECONNREFUSED
        with pytest.raises(OSError, match="in use"):
            listen(*address)
        with socket.socket() as server, socket.socket() as client:  # the server names it, and gets every connection
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            server.bind(address)
            server.listen()
            client.connect(address)
            server.accept()[0].close()
    with pytest.raises(OSError, match=r"(?i)assign"):
        reserve("192.0.2.1")
    with reserve("::1") as keeper:
        assert keeper.getsockname()[0] == "::1"


def test_a_server_that_takes_no_descriptor_is_told_of_none() -> None:
    plan = replace(PLAN, mode=MODES["granian"], launch=replace(LAUNCH, own_port=4321))
    word = json.loads(environment(plan)["GATESCOPE_LAUNCH"])
    assert word["fd"] is None
    assert "4321" in word["argv"]


def test_what_meddles_is_named() -> None:
    env = {"WEB_CONCURRENCY": "4", "UVICORN_PORT": "1", "PATH": "/bin", "GUNICORN_CMD_ARGS": "--reload"}
    assert meddling(env) == ["GUNICORN_CMD_ARGS=--reload", "UVICORN_PORT=1", "WEB_CONCURRENCY=4"]
    assert user_environment((("A", "b"),))["A"] == "b"
