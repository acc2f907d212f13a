"""Deliberate breaches of the ASGI specification, one path each: /mistakes/NAME.

Every function is an ASGI application with one mistake in it. Its name is the path, its first line says what is wrong,
and the rule it breaks is named above it. What a server makes of each is the interesting part. Those that begin with
``ws`` are WebSockets.
"""

from __future__ import annotations

import asyncio

import shared

MISTAKES = {}  # name -> (rule, application)
PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]
START = {"type": "http.response.start", "status": 200, "headers": PLAIN}
BODY = {"type": "http.response.body", "body": b"hello\n"}
MORE = {"type": "http.response.body", "body": b"so far so good\n", "more_body": True}
ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close"}

_later = set()  # tasks that outlive their request


async def app(scope, receive, send):
    """/mistakes lists them, /mistakes/NAME makes one."""
    name = scope["path"].rpartition("/")[2]
    if name in MISTAKES and name.startswith("ws-") == (scope["type"] == "websocket"):
        _, application = MISTAKES[name]
        return await application(scope, receive, send)
    if scope["type"] == "websocket":
        await receive()
        return await send(CLOSE)
    items = [(f"/mistakes/{name}", f"{made.__doc__} ({rule})") for name, (rule, made) in MISTAKES.items()]
    page = shared.page("Mistakes", shared.links(items)).encode()
    status = 200 if name in ("", "mistakes") else 404
    await send({**START, "status": status, "headers": [(b"content-type", b"text/html; charset=utf-8")]})
    await send({**BODY, "body": page})
    return None


class App:
    """The same as an instance: what frameworks take for a route of its own rather than for an endpoint function."""

    async def __call__(self, scope, receive, send):
        """One request or WebSocket."""
        await app(scope, receive, send)


def breaks(rule):
    """Register an application under its name."""

    def register(application):
        MISTAKES[application.__name__.replace("_", "-")] = (rule, application)
        return application

    return register


@breaks("ASGI-HTTP-01")
async def body_before_start(scope, receive, send):
    """Sends a body before the response has started."""
    await send(BODY)


@breaks("ASGI-HTTP-02")
async def start_twice(scope, receive, send):
    """Starts the response twice."""
    await send(START)
    await send({**START, "status": 500})
    await send(BODY)


@breaks("ASGI-HTTP-03")
async def no_response(scope, receive, send):
    """Returns without a response."""


@breaks("ASGI-HTTP-04")
async def unfinished(scope, receive, send):
    """Says that more is to come, and returns."""
    await send(START)
    await send(MORE)


@breaks("ASGI-HTTP-05")
async def send_after_end(scope, receive, send):
    """Sends another body after the last one."""
    await send(START)
    await send(BODY)
    await send(BODY)


@breaks("ASGI-HTTP-07")
async def status_as_text(scope, receive, send):
    """Gives the status as the text '200'."""
    await send({**START, "status": "200"})
    await send(BODY)


@breaks("ASGI-HTTP-08")
async def headers_as_text(scope, receive, send):
    """Gives headers as str, not bytes."""
    await send({**START, "headers": [("content-type", "text/plain")]})
    await send(BODY)


@breaks("ASGI-HTTP-09")
async def header_in_capitals(scope, receive, send):
    """Gives a header's name in capitals; names are in lower case."""
    await send({**START, "headers": [(b"Content-Type", b"text/plain")]})
    await send(BODY)


@breaks("ASGI-HTTP-10")
async def pseudo_header(scope, receive, send):
    """Sends HTTP/2's :status as a header."""
    await send({**START, "headers": [*PLAIN, (b":status", b"200")]})
    await send(BODY)


@breaks("RESP-12")
async def header_with_newline(scope, receive, send):
    """Puts a line break into a header, as unchecked user input would."""
    await send({**START, "headers": [*PLAIN, (b"x-name", b"Ada\r\nx-injected: yes")]})
    await send(BODY)


@breaks("ASGI-HTTP-11")
async def str_body(scope, receive, send):
    """Sends a str as the body."""
    await send(START)
    await send({**BODY, "body": "hello\n"})


@breaks("ASGI-HTTP-12")
async def more_body_as_text(scope, receive, send):
    """Says more_body='no', which is true."""
    await send(START)
    await send({**BODY, "more_body": "no"})


@breaks("ASGI-HTTP-17")
async def waits_for_nothing(scope, receive, send):
    """Receives again after the whole request, before it answers: waits until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
    await send(START)
    await send(BODY)


@breaks("ASGI-HTTP-20")
async def unread_body(scope, receive, send):
    """Answers without having read the request's body: POST something."""
    await send(START)
    await send(BODY)


@breaks("ASGI-MSG-01")
async def message_not_a_dict(scope, receive, send):
    """Sends a str, not a message."""
    await send("http.response.start")


@breaks("ASGI-MSG-02")
async def message_without_type(scope, receive, send):
    """Sends a message without a type."""
    await send({"status": 200, "headers": PLAIN})


@breaks("ASGI-MSG-03")
async def websocket_message(scope, receive, send):
    """Answers an HTTP request with a WebSocket's message."""
    await send({"type": "websocket.send", "text": "hello"})


@breaks("ASGI-MSG-04")
async def unknown_message(scope, receive, send):
    """Sends a message of a type that there is not."""
    await send(START)
    await send({"type": "http.response.bogus", "body": b"hello\n"})
    await send(BODY)


@breaks("ASGI-MSG-05")
async def set_in_message(scope, receive, send):
    """Puts a set into a message."""
    await send({**START, "x_tags": {"a", "b"}})
    await send(BODY)


@breaks("ASGI-MSG-07")
async def no_status(scope, receive, send):
    """Starts a response without a status."""
    await send({"type": "http.response.start", "headers": PLAIN})
    await send(BODY)


@breaks("ASGI-MSG-08")
async def misspelt_key(scope, receive, send):
    """Misspells more_body: the response ends too early."""
    await send(START)
    await send({"type": "http.response.body", "body": b"first\n", "more_boddy": True})


@breaks("ASGI-MSG-12")
async def extension_not_offered(scope, receive, send):
    """Sends early hints without asking whether the server knows them."""
    await send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]})
    await send(START)
    await send(BODY)


@breaks("ASGI-APP-05")
async def value_returned(scope, receive, send):
    """Returns its response, too."""
    await send(START)
    await send(BODY)
    return "hello"


@breaks("ASGI-APP-06")
async def error_before(scope, receive, send):
    """Raises before the response has started."""
    raise shared.DeliberateError("before the response")


@breaks("ASGI-APP-07")
async def error_midway(scope, receive, send):
    """Raises after a part of the body was sent."""
    await send(START)
    await send(MORE)
    raise shared.DeliberateError("half way")


@breaks("ASGI-APP-08")
async def error_after(scope, receive, send):
    """Raises after a complete response."""
    await send(START)
    await send(BODY)
    raise shared.DeliberateError("after the response")


@breaks("ASGI-APP-12")
async def scope_changed(scope, receive, send):
    """Rewrites the scope in place."""
    scope["path"] = "/somewhere/else"
    await send(START)
    await send(BODY)


@breaks("ASGI-APP-13")
async def send_afterwards(scope, receive, send):
    """Leaves a task behind that sends when the call is over."""
    await send(START)
    await send(BODY)

    async def later():
        await asyncio.sleep(0.5)
        try:
            await send(BODY)
        except Exception as error:
            shared.note(f"demo: send() after the call: {error!r}")

    task = asyncio.create_task(later())
    _later.add(task)
    task.add_done_callback(_later.discard)


@breaks("ASGI-APP-14")
async def forgotten_await(scope, receive, send):
    """Forgets to await a send."""
    await send(START)
    send(MORE)
    await send(BODY)


@breaks("RESP-01")
async def length_too_small(scope, receive, send):
    """Sends more bytes than content-length says."""
    await send({**START, "headers": [*PLAIN, (b"content-length", b"3")]})
    await send(BODY)


@breaks("RESP-02")
async def length_too_large(scope, receive, send):
    """Sends fewer bytes than content-length says."""
    await send({**START, "headers": [*PLAIN, (b"content-length", b"1000")]})
    await send(BODY)


@breaks("RESP-04")
async def no_content_with_body(scope, receive, send):
    """Answers 204 No Content, with content."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send(BODY)


@breaks("RESP-13")
async def joined_cookies(scope, receive, send):
    """Sets two cookies in one set-cookie header."""
    await send({**START, "headers": [*PLAIN, (b"set-cookie", b"a=1, b=2")]})
    await send(BODY)


@breaks("ASGI-WS-01")
async def ws_send_before_accept(scope, receive, send):
    """Greets before it has accepted."""
    await receive()
    await send({"type": "websocket.send", "text": "hello"})


@breaks("ASGI-WS-02")
async def ws_accept_twice(scope, receive, send):
    """Accepts twice."""
    await receive()
    await send(ACCEPT)
    await send(ACCEPT)


@breaks("ASGI-WS-04")
async def ws_no_answer(scope, receive, send):
    """Neither accepts nor refuses."""


@breaks("ASGI-WS-05")
async def ws_no_close(scope, receive, send):
    """Accepts, greets, and falls off its end without a close."""
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.send", "text": "hello"})


@breaks("ASGI-WS-07")
async def ws_text_as_bytes(scope, receive, send):
    """Sends bytes as text."""
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.send", "text": b"hello"})
    await send(CLOSE)


@breaks("ASGI-WS-08")
async def ws_close_twice(scope, receive, send):
    """Closes twice."""
    await receive()
    await send(ACCEPT)
    await send(CLOSE)
    await send(CLOSE)


@breaks("ASGI-WS-10")
async def ws_subprotocol_not_offered(scope, receive, send):
    """Chooses a subprotocol that the client did not offer."""
    await receive()
    await send({**ACCEPT, "subprotocol": "soap"})
    await send(CLOSE)


@breaks("ASGI-WS-14")
async def ws_close_code(scope, receive, send):
    """Closes with 1005, a code that never goes over the wire."""
    await receive()
    await send(ACCEPT)
    await send({**CLOSE, "code": 1005})
