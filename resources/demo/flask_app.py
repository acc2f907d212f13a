"""The demo in Flask.

gunicorn flask_app:app
"""

from __future__ import annotations

import threading
import time

import shared
import wsgi_mistakes
from flask import Flask, Response, jsonify, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

FRAMEWORK, INTERFACE = "Flask", "WSGI"

app = Flask(__name__)
# Mistakes that a framework would not let one make are made beside it.
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/mistakes": wsgi_mistakes.app})


def parameter(name, default):
    """A number from the query."""
    return shared.number(request.args.get(name), default)


@app.get("/")
def index():
    """Who answers, and every path there is."""
    return shared.index_page(FRAMEWORK, INTERFACE)


@app.get("/json")
def json_document():
    """A JSON document."""
    return shared.document(FRAMEWORK, INTERFACE, request.args.to_dict())


@app.get("/html")
def html_page():
    """A page."""
    return shared.HTML_PAGE


@app.route("/form", methods=["GET", "POST"])
def form():
    """A form, and its result."""
    if request.method == "POST":
        return shared.form_result(request.form.items(multi=True))
    return shared.FORM_PAGE


@app.route("/upload", methods=["GET", "POST"])
def upload():
    """A file, as a form's or as the whole body."""
    if request.method != "POST":
        return shared.UPLOAD_PAGE
    for file in request.files.values():
        return shared.upload_result(file.filename, file.read())
    return shared.upload_result("", request.get_data())


@app.get("/slow")
@app.get("/block", endpoint="block")
def slow():
    """Wait. Whoever runs this thread or process waits too."""
    seconds = parameter("seconds", 1.0)
    time.sleep(seconds)
    return {"slept": seconds}


@app.get("/stream")
def stream():
    """A generator: the server sends each chunk as it is yielded."""
    count, pause = int(parameter("chunks", 5)), parameter("pause", 0.2)

    def chunks():
        for index in range(1, count + 1):
            yield shared.chunk_text(index, count)
            time.sleep(pause)

    return Response(chunks(), mimetype="text/plain")


@app.get("/sse")
def sse():
    """Server-sent events."""
    count, pause = int(parameter("events", 5)), parameter("pause", 0.5)

    def events():
        for index in range(1, count + 1):
            yield shared.event_text(index, count)
            time.sleep(pause)

    return Response(events(), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


@app.get("/background")
def background():
    """Answer first, then work, when the server closes the response."""
    seconds = parameter("seconds", 1.0)
    response = jsonify(accepted=True)
    response.status_code = 202

    @response.call_on_close
    def work():
        time.sleep(seconds)
        shared.note("demo: background work done")

    return response


@app.get("/error")
def error():
    """An exception in a view: Flask logs it and answers 500."""
    raise shared.DeliberateError("this is the /error path")


@app.get("/hang")
def hang():
    """Wait for something that never happens."""
    threading.Event().wait()


@app.get("/leak")
def leak():
    """Take memory and keep it."""
    return {"leaked_mb": shared.leak(parameter("mb", 10))}


@app.get("/exit")
def leave():
    """End the worker."""
    shared.leave()


@app.get("/segv")
def segv():
    """Crash the worker."""
    shared.segfault()
