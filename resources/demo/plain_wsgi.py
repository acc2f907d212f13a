"""The demo in plain WSGI: a callable that takes ``environ`` and ``start_response`` and returns bytes (PEP 3333).

gunicorn plain_wsgi:app
"""

from __future__ import annotations

import json
import threading
import time
from urllib.parse import parse_qs, parse_qsl

import shared
import wsgi_mistakes

FRAMEWORK, INTERFACE = "Plain WSGI", "WSGI"
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"


def app(environ, start_response):
    """Find the function for the path and let it answer."""
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if path.startswith("/mistakes"):
        return wsgi_mistakes.app(environ, start_response)
    handler = ROUTES.get(path)
    if handler is None:
        return answer(start_response, "404 Not Found", TEXT, f"There is nothing at {path}\n")
    if method not in ("GET", "HEAD", "POST"):
        return answer(start_response, "405 Method Not Allowed", TEXT, "GET or POST, please\n", ("Allow", "GET, POST"))
    return handler(environ, start_response)


def answer(start_response, status, content_type, body, *headers):
    """A whole response at once."""
    data = body.encode()
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(data))), *headers])
    return [data]


def answer_json(start_response, value, status="200 OK"):
    """A JSON response."""
    return answer(start_response, status, "application/json", json.dumps(value) + "\n")


def parameter(environ, name, default):
    """A number from the query."""
    return shared.number(parse_qs(environ["QUERY_STRING"]).get(name, [None])[0], default)


def read_body(environ):
    """The request's body: never more than CONTENT_LENGTH, unless the server promises that the input ends by itself."""
    if environ.get("wsgi.input_terminated"):
        return environ["wsgi.input"].read()
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def index(environ, start_response):
    """Who answers, and every path there is."""
    return answer(start_response, "200 OK", HTML, shared.index_page(FRAMEWORK, INTERFACE))


def json_document(environ, start_response):
    """A JSON document."""
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    return answer_json(start_response, shared.document(FRAMEWORK, INTERFACE, query))


def html_page(environ, start_response):
    """A page."""
    return answer(start_response, "200 OK", HTML, shared.HTML_PAGE)


def form(environ, start_response):
    """A form, and its result."""
    if environ["REQUEST_METHOD"] != "POST":
        return answer(start_response, "200 OK", HTML, shared.FORM_PAGE)
    return answer(start_response, "200 OK", HTML, shared.form_result(shared.parse_form(read_body(environ))))


def upload(environ, start_response):
    """A file, as a form's or as the whole body."""
    if environ["REQUEST_METHOD"] != "POST":
        return answer(start_response, "200 OK", HTML, shared.UPLOAD_PAGE)
    name, data = shared.uploaded_file(environ.get("CONTENT_TYPE", ""), read_body(environ))
    return answer_json(start_response, shared.upload_result(name, data))


def slow(environ, start_response):
    """Wait. Whoever runs this thread or process waits too."""
    seconds = parameter(environ, "seconds", 1.0)
    time.sleep(seconds)
    return answer_json(start_response, {"slept": seconds})


def paced(text, count, pause):
    """``text`` of 1 to ``count``, with pauses: the server sends each as it is yielded."""
    for index in range(1, count + 1):
        yield text(index, count).encode()
        time.sleep(pause)


def stream(environ, start_response):
    """A body in chunks."""
    count, pause = int(parameter(environ, "chunks", 5)), parameter(environ, "pause", 0.2)
    start_response("200 OK", [("Content-Type", TEXT)])
    return paced(shared.chunk_text, count, pause)


def sse(environ, start_response):
    """Server-sent events: one thread or process is taken for as long as the client listens."""
    count, pause = int(parameter(environ, "events", 5)), parameter(environ, "pause", 0.5)
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
    return paced(shared.event_text, count, pause)


class WorkAfterwards:
    """A response whose ``close()`` works on: the server calls it when everything is sent."""

    def __init__(self, body, seconds):
        self.body, self.seconds = body, seconds

    def __iter__(self):
        return iter(self.body)

    def close(self):
        """The work after the response."""
        time.sleep(self.seconds)
        shared.note("demo: background work done")


def background(environ, start_response):
    """Answer first, then work."""
    body = answer_json(start_response, {"accepted": True}, "202 Accepted")
    return WorkAfterwards(body, parameter(environ, "seconds", 1.0))


def error(environ, start_response):
    """An exception that nobody catches."""
    raise shared.DeliberateError("this is the /error path")


def hang(environ, start_response):
    """Wait for something that never happens."""
    threading.Event().wait()


def leak(environ, start_response):
    """Take memory and keep it."""
    return answer_json(start_response, {"leaked_mb": shared.leak(parameter(environ, "mb", 10))})


def leave(environ, start_response):
    """End the worker."""
    shared.leave()


def segv(environ, start_response):
    """Crash the worker."""
    shared.segfault()


ROUTES = {
    "/": index,
    "/json": json_document,
    "/html": html_page,
    "/form": form,
    "/upload": upload,
    "/slow": slow,
    "/stream": stream,
    "/sse": sse,
    "/background": background,
    "/error": error,
    "/block": slow,  # without an event loop, waiting and blocking are the same
    "/hang": hang,
    "/leak": leak,
    "/exit": leave,
    "/segv": segv,
}
