"""WebSockets to be recorded and replayed: ``app``, ``other`` which answers otherwise, and ``shut`` which refuses all.

/talk    greets, then answers each text with JSON and each binary message with itself; ``bye`` makes it close,
         ``twice`` makes it answer with one more, ``die`` ends its process, as ``risky`` does that of
             ``other``
/chat    everybody hears everybody, and is counted
/events  an event stream, whose ids are new each time
"""

import itertools
import json
import os

chatting: list = []
counted = itertools.count(1000)


def make(name: str):
    """An application whose answers have ``name`` in them."""

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await (chat if scope["path"] == "/chat" else talk)(name, scope, receive, send)
        elif scope["type"] == "http":
            await events(name, send)

    return app


async def talk(name, scope, receive, send):
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
    await send({"type": "websocket.send", "text": json.dumps({"hello": scope["query_string"].decode()})})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text == "bye":
            await send({"type": "websocket.close", "code": 4001, "reason": "good bye"})
            return
        if text == "die" or (text == "risky" and name == "other"):
            os._exit(1)
        if text is None:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
            continue
        for _ in range(2 if text == "twice" else 1):
            answer = {"heard": text, "by": name, "number": next(counted)}
            await send({"type": "websocket.send", "text": json.dumps(answer)})


async def chat(name, scope, receive, send):
    await send({"type": "websocket.accept"})
    chatting.append(send)
    try:
        await tell(f"{len(chatting)} here")
        while (message := await receive())["type"] == "websocket.receive":
            await tell(message["text"])
    finally:
        chatting.remove(send)
        await tell(f"{len(chatting)} left")


async def tell(text):
    for send in tuple(chatting):  # somebody may leave meanwhile
        await send({"type": "websocket.send", "text": text})


async def events(name, send):
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(3):
        event = f": {next(counted)}\ndata: {json.dumps({'by': name, 'n': number, 'at': next(counted)})}\n\n"
        await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def shut(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})


app, other = make("app"), make("other")
