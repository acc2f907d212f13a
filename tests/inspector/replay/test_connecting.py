"""Addresses, and replays to servers that speak TLS with certificates made here."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from inspector.model import Body, Exchange, Kind
from inspector.replay.connecting import Address
from inspector.replay.converse import Pace, Speaker
from inspector.replay.dialogue import Script, Turn
from inspector.replay.handshake import Opening
from inspector.replay.landing import Answered
from inspector.replay.request import Request
from inspector.replay.send import Sender
from inspector.sequences import CLIENT, Ending
from inspector.store.writer import TraceWriter
from supervisor.cli import main

HEAD = (
    b"GET /talk HTTP/1.1\r\nHost: recorded\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: b2xk\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    ("url", "host", "port", "encrypted", "authority"),
    [
        ("http://a", "a", 80, False, "a"),
        ("ws://a:8000", "a", 8000, False, "a:8000"),
        ("https://me:secret@a.example/x?y", "a.example", 443, True, "a.example"),
        ("wss://[::1]:9", "::1", 9, True, "[::1]:9"),
    ],
)
def test_addresses(url, host, port, encrypted, authority):
    address = Address(url)
    assert (address.host, address.port, address.encrypted, address.authority) == (host, port, encrypted, authority)


@pytest.mark.parametrize("url", ["", "a:80", "//a", "ftp://a", "http://", "http://a:99999", "http://[1", "http://ä"])
def test_what_is_no_address(url):
    with pytest.raises(ValueError, match="is not an address"):
        Address(url)


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``good.pem`` is a certificate for localhost, ``other.pem`` one for another name; each its own authority."""
    made = tmp_path_factory.mktemp("certificates")
    for name, host in (("good", "localhost"), ("other", "elsewhere.example")):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={host}",
             "-addext", f"subjectAltName=DNS:{host}"],
            cwd=made, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    return made


@asynccontextmanager
async def serving(folder: Path, certificate: str = "good") -> AsyncIterator[int]:
    """A server that echoes over WebSockets and greets every other request; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    def greet(connection: ServerConnection, request: object) -> object:
        return None if request.path == "/talk" else connection.respond(200, "hello")

    async with serve(echo, "127.0.0.1", 0, ssl=context, process_request=greet) as server:
        yield server.sockets[0].getsockname()[1]


async def sent(address: Address) -> Answered:
    async with Sender(address, lambda: 1, body_head=100, body_tail=0) as sender:
        return await sender.send(Request("GET", b"/", ((b"Host", b"a"),), b"", chunked=False), seconds=20)


async def held(address: Address) -> Answered:
    async def before(_turn: Turn) -> None:
        pass

    script = Script((Turn("ws.text", b"hi"), Turn("ws.close", code=1000, heard=1)), 1, Ending(CLIENT, 1000))
    opening = Opening(Exchange(1, kind=Kind.WEBSOCKET, method="GET", target="/talk", request_head=HEAD, status=101))
    speaker = Speaker(address, lambda: 1, body_head=100, body_tail=0)
    pace = Pace(None, 5.0, before, lambda _turn: None)
    return await speaker.hold(opening, script, pace, seconds=20, opened=lambda: None)


def test_requests_and_websockets_go_out_encrypted(folder, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "good.pem"))

    async def scenario() -> tuple[Answered, Answered]:
        async with serving(folder) as port:
            return await sent(Address(f"https://localhost:{port}")), await held(Address(f"wss://localhost:{port}"))

    answered, talked = asyncio.run(scenario())
    assert (answered.status, answered.body.head, answered.error) == (200, b"hello", "")
    assert [item.body.head for item in talked.conversation.said] == [b"hi"]
    assert (talked.conversation.ending, talked.error) == (Ending(CLIENT, 1000, "", 1000), "")


@pytest.mark.parametrize("ask", [sent, held])
@pytest.mark.parametrize(
    ("trusted", "certificate", "told"),
    [
        ("other", "good", "(self-signed certificate); name the file of who signed it"),
        ("other", "other", "say the address by a name that it is for"),
    ],
)
def test_a_certificate_that_is_not_accepted(folder, monkeypatch, ask, trusted, certificate, told):
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / f"{trusted}.pem"))

    async def scenario() -> Answered:
        async with serving(folder, certificate) as port:
            return await ask(Address(f"https://localhost:{port}"))

    answered = asyncio.run(scenario())
    assert answered.error.startswith("the certificate of https://localhost:")
    assert told in answered.error
    assert answered.status == 0


def test_a_certificate_that_has_run_out():
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = 10, "certificate has expired"
    assert Address("https://a").why_not(error) == (
        "the certificate of https://a was not accepted (certificate has expired); renew it, or set this machine's clock"
    )


def test_a_server_that_does_not_encrypt():
    async def close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def scenario() -> Answered:
        async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
            return await sent(Address(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"))

    assert asyncio.run(scenario()).error.endswith("if it speaks plain HTTP, say http://")


def test_from_the_command_line(folder, tmp_path):
    """The whole way, with the certificate named as users would."""
    source = tmp_path / "source.gatescope"
    writer = TraceWriter(source)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\n"
    writer.touch(
        Exchange(
            writer.new_id("exchange"),
            state="done",
            method="GET",
            target="/",
            status=200,
            opened_ns=1,
            closed_ns=2,
            request_head=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            response_head=head,
            response_body=Body(5, b"hello"),
        )
    )
    writer.close()

    async def scenario(environment: dict[str, str]) -> list[dict[str, object]]:
        async with serving(folder) as port:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "supervisor.cli", "replay", str(source), "--url", f"https://localhost:{port}",
                "--trace", str(tmp_path / "out.gatescope"), "--json", stdout=subprocess.PIPE, env=environment,
            )  # fmt: skip
            printed, _ = await asyncio.wait_for(process.communicate(), 60)
        return [json.loads(line) for line in printed.splitlines()]

    result, summary = asyncio.run(scenario({"SSL_CERT_FILE": str(folder / "good.pem")}))
    assert (result["status"], result["same"], result["error"]) == (200, True, "")
    assert (summary["same"], summary["failed"]) == (1, 0)


def test_usage(tmp_path, capsys):
    assert main(["replay", str(tmp_path / "no.gatescope"), "--url", "http://a:99999"]) == 2
    assert "'http://a:99999' is not an address." in capsys.readouterr().err
