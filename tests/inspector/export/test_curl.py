"""Commands that a real shell hands to a curl of ours, which says what it was given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.export.curl import quote, to_curl
from inspector.model import Body, Exchange, Kind

BASH = "/bin/bash"
CURL = f"""#!{sys.executable}
import json, os, sys
body = sys.stdin.buffer.read() if "@-" in sys.argv else b""
words = [os.fsencode(word).decode("latin-1") for word in sys.argv[1:]]
print(json.dumps([words, body.decode("latin-1")]))
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    (folder / "curl").write_text(CURL)
    (folder / "curl").chmod(0o755)
    return folder


def run(shell: Path, command: str) -> tuple[list[str], bytes]:
    environment = {"PATH": f"{shell}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    script = shell / "command.sh"
    script.write_text(command)
    done = subprocess.run([BASH, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=True)
    words, body = json.loads(done.stdout)
    return words, body.encode("latin-1")


def made(method: str = "GET", target: str = "/", *headers: str, body: bytes = b"", **fields: object) -> Exchange:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost:8000", "User-Agent: x", "Accept: */*", *headers]
    head = "".join(f"{line}\r\n" for line in lines) + "\r\n"
    exchange = Exchange(7, method=method, target=target, request_head=head.encode("latin-1"), **fields)
    exchange.request_body = Body(len(body), body)
    return exchange


BASE = "-H 'User-Agent: x' -H 'Accept: */*'"


@pytest.mark.parametrize(
    ("exchange", "command"),
    [
        (made(), f"curl {BASE} http://localhost:8000/"),
        (made("HEAD", "/a?b=c&d"), f"curl -I {BASE} 'http://localhost:8000/a?b=c&d'"),
        (made("DELETE"), f"curl -X DELETE {BASE} http://localhost:8000/"),
        (made("POST"), f"curl -X POST {BASE} http://localhost:8000/"),
        (
            made("POST", "/", "Content-Type: text/plain", "Content-Length: 5", body=b"it's\n"),
            f"curl {BASE} -H 'Content-Type: text/plain' --data-binary 'it'\\''s\n' http://localhost:8000/",
        ),
        (made("GET", body=b"x"), f"curl -X GET {BASE} -H Content-Type: --data-binary 'x' http://localhost:8000/"),
        (made("GET", "/", "X-Empty:"), f"curl {BASE} -H 'X-Empty;' http://localhost:8000/"),
        (
            made("GET", "/", "Accept-Encoding: gzip"),
            f"curl {BASE} -H 'Accept-Encoding: gzip' --compressed http://localhost:8000/",
        ),
        (made("GET", "/", "@file: x", "b d: x"), f"curl {BASE} http://localhost:8000/"),
        (made("GET", "/../[a]"), f"curl --path-as-is -g {BASE} 'http://localhost:8000/../[a]'"),
        (made("OPTIONS", "*"), f"curl -X OPTIONS {BASE} --request-target '*' http://localhost:8000"),
        (made("GET", "http://localhost/c"), f"curl {BASE} http://localhost/c"),
        (made("GET", "/?a=1&token=s3cret"), f"curl --path-as-is -g {BASE} 'http://localhost:8000/?a=1&token=[masked]'"),
        (Exchange(1, kind="x\nreboot"), "# exchange 1 is no request that can be sent (x\\nreboot)"),
        (made(http_version="1.0"), f"curl --http1.0 {BASE} http://localhost:8000/"),
        (made(kind=Kind.SSE), f"curl -N {BASE} http://localhost:8000/"),
        (made(kind=Kind.WEBSOCKET), f"curl --http1.1 -N {BASE} http://localhost:8000/"),
        (made("GET", "/", "Cookie: a=b"), f"curl {BASE} -H 'Cookie: a=[masked]' http://localhost:8000/"),
        (
            Exchange(1, method="GET", target="/", request_head=b"GET / HTTP/1.0\r\n\r\n", http_version="1.0"),
            "curl --http1.0 -H User-Agent: -H Accept: http://localhost/",
        ),
        (Exchange(1, kind=Kind.LIFESPAN), "# exchange 1 is no request that can be sent (lifespan)"),
        (Exchange(2), "# exchange 2 is no request that can be sent (http)"),
    ],
)
def test_commands(exchange, command):
    assert to_curl(exchange) == command


def test_secrets_stay_when_they_are_asked_for():
    assert "a=b" in to_curl(made("GET", "/", "Cookie: a=b"), secrets=True)


def test_no_cookie_goes_to_a_stranger():
    exchange = made("GET", "/", "Cookie: a=b")
    exchange.request_head = exchange.request_head.replace(b"localhost:8000", b"evil.example:8000")
    comment, command = to_curl(exchange, secrets=True).split("\n")
    assert comment == "# exchange 7: goes to 127.0.0.1:8000; put in where the application listens"
    assert command == f"curl -H 'Host: evil.example:8000' {BASE} -H 'Cookie: a=b' http://127.0.0.1:8000/"


def test_an_incomplete_body_is_said_to_be():
    exchange = made("POST", body=b"ab")
    exchange.request_body = Body(10, b"ab", b"yz")
    comment, command = to_curl(exchange).split("\n")
    assert comment == "# exchange 7: the recorded body is incomplete"
    assert "'abyz'" in command


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(min_size=1, max_size=40) | st.text(min_size=1).map(str.encode) | st.just(b"@/etc/passwd"),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
    target=st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
)
def test_the_shell_hands_over_every_byte(shell, body, value, target):
    exchange = made("POST", f"/{target}", f"X-Value: {value}", body=body)
    words, piped = run(shell, to_curl(exchange, secrets=True))
    option = words.index("--data-binary") + 1
    assert (piped if words[option] == "@-" else words[option].encode("latin-1")) == body
    assert words[-1] == f"http://localhost:8000/{target}"
    stripped = value.encode("latin-1").decode("latin-1").strip()
    assert (f"X-Value: {stripped}" if stripped else "X-Value;") in words


def test_a_body_too_long_for_an_argument_is_piped(shell):
    body = b"it's long " * 20_000
    assert run(shell, to_curl(made("POST", body=body)))[1] == body


def test_letters_beyond_a_byte_are_utf8():
    assert quote("/\u20ac\x00'") == "$'/\\342\\202\\254\\000\\''"
    assert quote("") == "''"
