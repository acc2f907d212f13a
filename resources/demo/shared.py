"""What every demo application answers the same: the list of paths, the pages, the ways to die.

Knows no framework and no interface; each demo says in its own framework's words how these reach the client.
"""

from __future__ import annotations

import hashlib
import html
import os
import signal
import sys
import threading
import urllib.parse

#: (path, what it shows)
PATHS = [
    ("/json", "a JSON document"),
    ("/html", "a page of HTML"),
    ("/form", "a form: GET shows it, POST answers what was filled in"),
    ("/upload", "a file, as a form's or as the whole body: its size and SHA-256"),
    ("/slow?seconds=1", "waits, as one waits for a database"),
    ("/stream?chunks=5&pause=0.2", "a body in chunks, with pauses"),
    ("/sse?events=5&pause=0.5", "server-sent events"),
    ("/background?seconds=1", "answers, then works on after the response"),
    ("/error", "an exception in the application"),
    ("/block?seconds=1", "a blocking call: on an event loop, everybody waits"),
    ("/hang", "never answers"),
    ("/leak?mb=10", "takes memory and keeps it"),
    ("/exit", "ends the worker process with os._exit(9)"),
    ("/segv", "ends the worker process with a segmentation fault"),
    ("/mistakes", "deliberate breaches of the contract, one path each"),
]
SOCKET_PATHS = [
    ("/ws/echo", "a WebSocket that says everything twice: once you, once it"),
    ("/ws/chat", "a WebSocket where everybody in the same worker hears everybody"),
]

SENTENCE = "The quick brown fox jumps over the lazy dog. Falsches Üben von Xylophonmusik quält jeden größeren Zwerg."

_leaked = []


def number(text, default):
    """The number in a query parameter, or ``default`` where there is none; never below zero."""
    try:
        return max(0.0, float(text))
    except (TypeError, ValueError):
        return default


def document(framework, interface, query):
    """What /json answers: the same every time, so that two runs can be compared."""
    return {
        "framework": framework,
        "interface": interface,
        "query": query,
        "sentence": SENTENCE,
        "primes": [2, 3, 5, 7, 11, 13],
        "nested": {"null": None, "true": True, "pi": 3.14159, "deep": [{"id": 1}, {"id": 2}]},
    }


def page(title, content):
    """A whole page of HTML around ``content``."""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{html.escape(title)}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }}
  dt {{ font-family: ui-monospace, monospace; margin-top: .6rem }}
</style>
<h1>{html.escape(title)}</h1>
{content}
</html>
"""  # noqa: E501


def links(items):
    """A list of links with a line about each."""
    return "<dl>{}</dl>".format(
        "".join(
            f'<dt><a href="{html.escape(path)}">{html.escape(path)}</a><dd>{html.escape(text)}' for path, text in items
        )
    )


def index_page(framework, interface, sockets=False):
    """The front page: who answers, and every path there is."""
    who = f"<p>{html.escape(interface)}, process {os.getpid()}, thread {html.escape(threading.current_thread().name)}."
    talk = "<h2>WebSockets</h2>" + links(SOCKET_PATHS) + SOCKET_SCRIPT if sockets else ""
    return page(framework, who + links(PATHS) + talk)


#: A link to a WebSocket can't be followed; this opens a socket for the click instead.
SOCKET_SCRIPT = """
<pre id="said"></pre>
<script>
  for (const link of document.querySelectorAll('a[href^="/ws/"]')) link.onclick = click => {
    click.preventDefault()
    const socket = new WebSocket(link.href.replace(/^http/, "ws"))
    socket.onopen = () => socket.send("hello from the browser")
    socket.onmessage = message => { said.textContent += link.pathname + ": " + message.data + "\\n" }
  }
</script>
"""

HTML_PAGE = page("HTML", f"<p>{SENTENCE}</p><ul><li>one<li>two<li>three</ul>")

FORM_PAGE = page(
    "A form",
    """<form method="post">
  <p><label>Name <input name="name" value="Ada"></label>
  <p><label>Colour <select name="colour"><option>red<option>green<option>blue</select></label>
  <p><button>Send</button>
</form>""",
)

UPLOAD_PAGE = page(
    "Upload",
    """<form method="post" enctype="multipart/form-data">
  <p><input type="file" name="file">
  <p><button>Send</button>
</form>""",
)


def form_result(fields):
    """The page that answers a form; ``fields`` are (name, value) pairs."""
    rows = "".join(f"<dt>{html.escape(name)}<dd>{html.escape(value)}" for name, value in fields)
    return page("Thank you", f"<dl>{rows}</dl>")


def parse_form(body):
    """The (name, value) pairs of an ``application/x-www-form-urlencoded`` body."""
    return urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def upload_result(name, data):
    """What /upload answers."""
    return {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def uploaded_file(content_type, body):
    """(file name, data) of the first part of a multipart body, or of the body as a whole (RFC 7578)."""
    kind, _, parameters = content_type.partition(";")
    boundary = parameters.partition("boundary=")[2].split(";")[0].strip().strip('"')
    if kind.strip().lower() != "multipart/form-data" or not boundary:
        return "", body
    delimiter = b"--" + boundary.encode("latin-1")
    part = (b"\r\n" + body).split(b"\r\n" + delimiter)[1]
    head, _, data = part.partition(b"\r\n\r\n")
    name = head.decode("utf-8", "replace").partition('filename="')[2].partition('"')[0]
    return name, data


def chunk_text(index, count):
    """One chunk of /stream."""
    return f"chunk {index} of {count}\n"


def event_text(index, count):
    """One server-sent event of /sse."""
    return f'id: {index}\nevent: tick\ndata: {{"tick": {index}, "of": {count}}}\n\n'


def note(text):
    """Print a line as a server's log would have it."""
    print(text, file=sys.stderr, flush=True)


def leak(megabytes):
    """Take memory for ever; answers how many megabytes that makes in this process."""
    _leaked.append(b"\x01" * int(megabytes * 2**20))
    return sum(map(len, _leaked)) // 2**20


def leave():
    """End this process at once: nothing is flushed, nobody is told. (Not with 3: that tells gunicorn to give up.)"""
    note("demo: leaving with os._exit(9)")
    os._exit(9)


def segfault():
    """End this process as a faulty C extension would."""
    note("demo: raising SIGSEGV")
    signal.raise_signal(signal.SIGSEGV)


class DeliberateError(RuntimeError):
    """What /error raises."""
