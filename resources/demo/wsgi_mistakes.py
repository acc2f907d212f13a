"""Deliberate breaches of PEP 3333, one path each: /mistakes/NAME.

Every function is a WSGI application with one mistake in it. Its name is the path, its first line says what is wrong,
and the rule it breaks is named above it. What a server makes of each is the interesting part.
"""

from __future__ import annotations

import io
import sys
import threading
import time

import shared

MISTAKES = {}  # name -> (rule, application)
PLAIN = [("Content-Type", "text/plain; charset=utf-8")]


def app(environ, start_response):
    """/mistakes lists them, /mistakes/NAME makes one."""
    name = environ["PATH_INFO"].rpartition("/")[2]
    if name in MISTAKES:
        _, application = MISTAKES[name]
        return application(environ, start_response)
    listed = name in ("", "mistakes")
    start_response("200 OK" if listed else "404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
    items = [(f"/mistakes/{name}", f"{made.__doc__} ({rule})") for name, (rule, made) in MISTAKES.items()]
    return [shared.page("Mistakes", shared.links(items)).encode()]


def breaks(rule):
    """Register an application under its name."""

    def register(application):
        MISTAKES[application.__name__.replace("_", "-")] = (rule, application)
        return application

    return register


@breaks("WSGI-SR-16")
def start_response_twice(environ, start_response):
    """Calls start_response a second time without exc_info."""
    start_response("200 OK", list(PLAIN))
    start_response("500 Internal Server Error", list(PLAIN))
    return [b"which status is it?\n"]


@breaks("WSGI-SR-25")
def no_start_response(environ, start_response):
    """Returns without ever calling start_response."""
    return []


@breaks("WSGI-SR-24")
def late_start_response(environ, start_response):
    """Yields bytes before it calls start_response."""
    yield b"too early\n"
    start_response("200 OK", list(PLAIN))


@breaks("WSGI-SR-03")
def status_as_number(environ, start_response):
    """Gives the status as the number 200."""
    start_response(200, list(PLAIN))
    return [b"hello\n"]


@breaks("WSGI-SR-04")
def status_without_reason(environ, start_response):
    """Gives the status as '200', without a space and a reason."""
    start_response("200", list(PLAIN))
    return [b"hello\n"]


@breaks("WSGI-SR-08")
def headers_as_tuple(environ, start_response):
    """Gives the headers as a tuple, not a list."""
    start_response("200 OK", tuple(PLAIN))
    return [b"hello\n"]


@breaks("WSGI-SR-10")
def header_as_bytes(environ, start_response):
    """Gives a header as bytes, not str."""
    start_response("200 OK", [(b"Content-Type", b"text/plain")])
    return [b"hello\n"]


@breaks("WSGI-SR-12")
def header_with_newline(environ, start_response):
    """Puts a line break into a header, as unchecked user input would."""
    start_response("200 OK", [*PLAIN, ("X-Name", "Ada\r\nX-Injected: yes")])
    return [b"hello\n"]


@breaks("WSGI-SR-14")
def hop_by_hop_header(environ, start_response):
    """Sets Connection, which belongs to the server."""
    start_response("200 OK", [*PLAIN, ("Connection", "close")])
    return [b"hello\n"]


@breaks("WSGI-SR-19")
def swallowed_exc_info(environ, start_response):
    """Fails half way, asks for an error page, and ignores that this is refused."""
    start_response("200 OK", list(PLAIN))
    yield b"so far so good\n"
    try:
        raise shared.DeliberateError("half way")
    except shared.DeliberateError:
        try:  # noqa: SIM105 -- it is the mistake
            start_response("500 Internal Server Error", list(PLAIN), sys.exc_info())
        except shared.DeliberateError:
            pass
    yield b"as if nothing had happened\n"


@breaks("WSGI-APP-04")
def none_returned(environ, start_response):
    """Forgets to return something."""
    start_response("200 OK", list(PLAIN))


@breaks("WSGI-APP-05")
async def coroutine_returned(environ, start_response):
    """Is an async function on a WSGI server."""


@breaks("WSGI-APP-06")
def str_returned(environ, start_response):
    """Returns a str."""
    start_response("200 OK", list(PLAIN))
    return "hello\n"


@breaks("WSGI-APP-07")
def bytes_returned(environ, start_response):
    """Returns bytes: iterating them gives numbers."""
    start_response("200 OK", list(PLAIN))
    return b"hello\n"


@breaks("WSGI-IT-01")
def str_body(environ, start_response):
    """Yields str, not bytes."""
    start_response("200 OK", list(PLAIN))
    yield "hello\n"


@breaks("WSGI-APP-09")
def error_midway(environ, start_response):
    """Raises after the first chunk was sent."""
    start_response("200 OK", list(PLAIN))
    yield b"so far so good\n"
    raise shared.DeliberateError("half way")


class Result:
    """An iterable of two chunks, for the mistakes below."""

    def __iter__(self):
        yield b"one\n"
        yield b"two\n"


@breaks("WSGI-IT-07")
def close_raises(environ, start_response):
    """Returns an iterable whose close() raises."""

    class Unclosable(Result):
        def close(self):
            raise shared.DeliberateError("while closing")

    start_response("200 OK", list(PLAIN))
    return Unclosable()


@breaks("WSGI-IT-08")
def wrong_len(environ, start_response):
    """Returns an iterable that says it has one item and has two."""

    class Miscounted(Result):
        def __len__(self):
            return 1

    start_response("200 OK", list(PLAIN))
    return Miscounted()


@breaks("WSGI-IT-11")
def tiny_chunks(environ, start_response):
    """Yields a text character by character."""
    start_response("200 OK", list(PLAIN))
    for character in shared.SENTENCE * 3:
        yield character.encode()


@breaks("WSGI-WR-01")
def write_callable(environ, start_response):
    """Uses write(), which is there for old code only."""
    write = start_response("200 OK", list(PLAIN))
    write(b"written\n")
    return []


@breaks("WSGI-WR-04")
def write_while_iterating(environ, start_response):
    """Mixes write() and yield."""
    write = start_response("200 OK", list(PLAIN))
    yield b"yielded\n"
    write(b"written\n")


@breaks("WSGI-WR-05")
def write_afterwards(environ, start_response):
    """Calls write() from a thread when the request is over."""
    write = start_response("200 OK", list(PLAIN))

    def later():
        time.sleep(0.5)
        try:
            write(b"too late\n")
        except Exception as error:
            shared.note(f"demo: write() after the request: {error!r}")

    threading.Thread(target=later, daemon=True).start()
    return [b"hello\n"]


@breaks("RESP-01")
def length_too_small(environ, start_response):
    """Sends more bytes than Content-Length says."""
    start_response("200 OK", [*PLAIN, ("Content-Length", "5")])
    return [b"hello, and more than was announced\n"]


@breaks("RESP-02")
def length_too_large(environ, start_response):
    """Sends fewer bytes than Content-Length says."""
    start_response("200 OK", [*PLAIN, ("Content-Length", "1000")])
    return [b"hello\n"]


@breaks("RESP-09")
def length_not_a_number(environ, start_response):
    """Gives a Content-Length that is no number."""
    start_response("200 OK", [*PLAIN, ("Content-Length", "about five")])
    return [b"hello\n"]


@breaks("RESP-04")
def no_content_with_body(environ, start_response):
    """Answers 204 No Content, with content."""
    start_response("204 No Content", [])
    return [b"null\n"]


@breaks("RESP-13")
def joined_cookies(environ, start_response):
    """Sets two cookies in one Set-Cookie header."""
    start_response("200 OK", [*PLAIN, ("Set-Cookie", "a=1, b=2")])
    return [b"hello\n"]


@breaks("WSGI-IN-02")
def unbounded_read(environ, start_response):
    """Reads the input without a size, though not every server ends it."""
    body = environ["wsgi.input"].read() if environ.get("wsgi.input_terminated") else b""
    start_response("200 OK", list(PLAIN))
    return [b"%d bytes\n" % len(body)]


@breaks("WSGI-IN-04")
def input_closed(environ, start_response):
    """Closes wsgi.input, which is the server's."""
    environ["wsgi.input"].close()
    start_response("200 OK", list(PLAIN))
    return [b"hello\n"]


@breaks("WSGI-IN-05")
def input_seek(environ, start_response):
    """Seeks in wsgi.input, which need not be able to."""
    environ["wsgi.input"].seek(0)
    start_response("200 OK", list(PLAIN))
    return [b"hello\n"]


@breaks("WSGI-ER-01")
def errors_bytes(environ, start_response):
    """Writes bytes to wsgi.errors."""
    environ["wsgi.errors"].write(b"a line\n")
    start_response("200 OK", list(PLAIN))
    return [b"hello\n"]


@breaks("WSGI-FW-05")
def wrapper_unused(environ, start_response):
    """Makes a file wrapper and returns something else: the file stays open."""
    wrapper = environ.get("wsgi.file_wrapper")
    if wrapper is not None:
        wrapper(io.BytesIO(b"never sent\n"))
    start_response("200 OK", list(PLAIN))
    return [b"hello\n"]
