"""What a message is, in plain words, with the section of the specification that lays it down.

Pure: a table of sentences, and the few that depend on what the message says. Sources: PEP 3333 by its headings, ASGI by
its document's ("HTTP" is HTTP & WebSocket Message Format), RFCs by clause.
"""

from __future__ import annotations

from app.traffic.explanations import Explanation
from app.traffic.sequence import said
from inspector.model import Message, Side

_APP = "PEP 3333, The Application/Framework Side"
_SERVER = "PEP 3333, The Server/Gateway Side"
_START = "PEP 3333, The start_response() Callable"
_INPUT = "PEP 3333, Input and Error Streams"
_CLOSE = "PEP 3333, Specification Details"
_HTTP = "ASGI, HTTP"
_SOCKET = "ASGI, WebSocket"
_LIFE = "ASGI, Lifespan Protocol"
_HEAD = "RFC 9112, section 2"
_FRAMES = "RFC 6455, section 5.5"
_DATA = "RFC 6455, section 5.6"

_READ = Explanation(
    "The application reads from wsgi.input. It blocks its thread until so much has come, or the body is at its end; "
    "the size is what it got.",
    _INPUT,
)
_WORDS = {
    "start_response": Explanation(
        "The application says status and headers. The server keeps them until the first piece of the body that is not "
        "empty, so that an error until then can still change them.",
        _START,
    ),
    "write": Explanation(
        "The application hands over a piece of the body by the write() that start_response gave it; the server sends "
        "it before the call returns.",
        "PEP 3333, The write() Callable",
    ),
    "close": Explanation(
        "The server calls close() of the iterable, whether all was sent or the client had left: here the application "
        "frees what it held, and work after the response is done.",
        _CLOSE,
    ),
    "input.read": _READ,
    "input.readline": _READ,
    "input.readlines": _READ,
    "input.iterate": _READ,
    "errors.write": Explanation("The application writes to wsgi.errors, which is the server's log.", _INPUT),
    "http.response.start": Explanation(
        "The application says status and headers. The server may wait for the first piece of the body to send them.",
        f"{_HTTP}, Response Start",
    ),
    "http.disconnect": Explanation(
        "receive() tells that the client has left, or that the response is over. What is sent after it goes nowhere, "
        "or raises OSError.",
        f"{_HTTP}, Disconnect",
    ),
    "http.response.trailers": Explanation("Header fields that follow the body.", "ASGI, Extensions, HTTP Trailers"),
    "http.response.early_hint": Explanation(
        "A 103 response ahead of the final one: what the client may fetch meanwhile.", "ASGI, Extensions, Early Hints"
    ),
    "http.response.push": Explanation(
        "Asks for a resource to be pushed (HTTP/2).", "ASGI, Extensions, HTTP/2 Server Push"
    ),
    "http.response.zerocopysend": Explanation(
        "A piece of the body as a file descriptor: the server copies it without the application.",
        "ASGI, Extensions, Zero Copy Send",
    ),
    "http.response.pathsend": Explanation(
        "The body as a file's path: the server opens and sends it.", "ASGI, Extensions, Path Send"
    ),
    "http.response.debug": Explanation("Values for tests; servers do not send them.", "ASGI, Extensions, Debug"),
    "websocket.connect": Explanation(
        "The first thing that receive() gives: a client wants to open a WebSocket. Nothing else comes until the "
        "application has accepted or closed.",
        f"{_SOCKET}, Connect",
    ),
    "websocket.accept": Explanation(
        "The application agrees: the server answers 101, with the subprotocol and headers given here.",
        f"{_SOCKET}, Accept",
    ),
    "websocket.receive": Explanation(
        "One whole message from the client, as text or as bytes; the frames it came in are joined.",
        f"{_SOCKET}, Receive",
    ),
    "websocket.send": Explanation("One message to the client, as text or as bytes.", f"{_SOCKET}, Send"),
    "websocket.disconnect": Explanation(
        "receive() tells that the connection is over, with the close code; 1005 stands for none, 1006 for a connection "
        "that was lost.",
        f"{_SOCKET}, Disconnect",
    ),
    "websocket.close": Explanation(
        "The application ends the connection. Before it has accepted, this refuses the client with status 403.",
        f"{_SOCKET}, Close",
    ),
    "lifespan.startup": Explanation(
        "The worker is about to serve: the application may open what it needs. No request comes until it has answered.",
        _LIFE,
    ),
    "lifespan.startup.complete": Explanation("The application is ready; the server may let requests in.", _LIFE),
    "lifespan.startup.failed": Explanation("The application cannot begin; the server says why and ends.", _LIFE),
    "lifespan.shutdown": Explanation(
        "The worker has stopped serving: the application may put things in order. The server waits for its answer.",
        _LIFE,
    ),
    "lifespan.shutdown.complete": Explanation("All is in order; the server may end.", _LIFE),
    "lifespan.shutdown.failed": Explanation("Something could not be put in order; the server says so and ends.", _LIFE),
}
_WIRE = {
    "request.head": Explanation(
        "Request line and header fields have come from the client, and the proxy sends them on.", _HEAD
    ),
    "request.body": Explanation(
        "Bytes of the request's body pass the proxy, as they came: how they are cut is the network's doing.",
        "RFC 9112, section 6",
    ),
    "request.end": Explanation("The request's body is complete: the last chunk has come.", "RFC 9112, section 7.1"),
    "response.head": Explanation("Status line and header fields, as the server put them on the wire.", _HEAD),
    "response.body": Explanation(
        "Bytes of the response's body pass the proxy. The server may cut or join what the application handed over.",
        "RFC 9112, section 6",
    ),
    "response.end": Explanation("The response's body is complete: the last chunk has come.", "RFC 9112, section 7.1"),
    "informational": Explanation(
        "An interim response (1xx); the final one is still to come.", "RFC 9110, section 15.2"
    ),
    "ws.text": Explanation("A WebSocket message of text passes the proxy.", _DATA),
    "ws.binary": Explanation("A WebSocket message of bytes passes the proxy.", _DATA),
    "ws.ping": Explanation(
        "A ping: the other end answers with a pong. Servers send them by themselves; applications never see them.",
        _FRAMES,
    ),
    "ws.pong": Explanation("A pong: the answer to a ping, with what that carried.", _FRAMES),
    "ws.close": Explanation(
        "One end closes, with a code and perhaps a reason; the other answers with the same.", _FRAMES
    ),
    "client.gone": Explanation(
        "The client closed its connection before it had the whole response. The application learns of it later, by "
        "http.disconnect in ASGI, by a failing write in WSGI, or never.",
        "RFC 9112, section 9.5",
    ),
    "upstream.gone": Explanation(
        "The server closed its connection before the response was complete: its worker died, timed out, or gave up.",
        "RFC 9112, section 8",
    ),
}


def explain(message: Message, *, wsgi: bool) -> Explanation:
    """What ``message`` is; ``wsgi``: of an exchange over WSGI. One that nobody lays down has no source."""
    if message.side == Side.WIRE:
        return _WIRE.get(message.type, _UNKNOWN)
    found = _depending(message, wsgi=wsgi)
    return found or _WORDS.get(message.type, _UNKNOWN)


_UNKNOWN = Explanation("A message that none of the specifications Gatescope knows lays down.", "")


def _depending(message: Message, *, wsgi: bool) -> Explanation | None:
    match message.type:
        case "call":
            return _CALLS[wsgi]
        case "return":
            return _RETURNS[wsgi]
        case "raise":
            return _RAISES[wsgi]
        case "http.request":
            return _request(message)
        case "http.response.body":
            return _body(message)
        case "iterate":
            return _iterate(message)
    return None


_CALLS = {
    True: Explanation(
        "The server calls the application with the environ, which describes the request, and with start_response.", _APP
    ),
    False: Explanation(
        "The server calls the application with the scope, which describes the connection, and with receive and send.",
        "ASGI, Applications",
    ),
}
_RETURNS = {
    True: Explanation(
        "The call returns an iterable. Nothing of the body need be made yet: the server asks for it piece by piece.",
        _APP,
    ),
    False: Explanation(
        "The coroutine has returned. What came after the last piece of the body, such as background tasks, is done.",
        "ASGI, Applications",
    ),
}
_RAISES = {
    True: Explanation(
        "An exception leaves the application. The server answers 500 if nothing was sent, else it cuts the response.",
        "PEP 3333, Error Handling",
    ),
    False: Explanation(
        "An exception leaves the application. The server answers 500 if none has begun, else it cuts the response.",
        "ASGI, Error Handling",
    ),
}


def _request(message: Message) -> Explanation:
    where = f"{_HTTP}, Request"
    if said(message).get("more_body"):
        return Explanation(
            "receive() gives a piece of the request's body; more_body=True: there is more to ask for.", where
        )
    what = "the last piece" if message.size else "no bytes"
    return Explanation(f"receive() gives {what} of the request's body; without more_body it is complete.", where)


def _body(message: Message) -> Explanation:
    where = f"{_HTTP}, Response Body"
    if said(message).get("more_body"):
        return Explanation(
            "A piece of the response's body; more_body=True: the response stays open for the next.", where
        )
    what = "The last piece of the response's body" if message.size else "The end of the response's body"
    return Explanation(f"{what}: more_body=False, which is also what its absence means. Nothing may follow.", where)


def _iterate(message: Message) -> Explanation:
    if said(message).get("stop"):
        if message.size:
            return Explanation(
                "The server takes the only piece, or the last: the iterable is used up with it.", _SERVER
            )
        return Explanation("The server asks for another piece and there is none: the response is complete.", _SERVER)
    if message.size:
        return Explanation(
            "The server takes a piece of the body from the iterable, and sends it before it asks for the next.",
            "PEP 3333, Buffering and Streaming",
        )
    return Explanation(
        "The application yields an empty piece: nothing is sent. It may do so while it waits for its data.",
        "PEP 3333, Middleware Handling of Block Boundaries",
    )
