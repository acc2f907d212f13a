"""HTTP/1 and WebSocket as bytes: what they say, how they are framed (RFC 9112, 6455, 7692). No sockets, no clock.

Glossary:
    head       start line and header section, to the blank line and with it
    framing    how a body's end is known: a length, chunks, or the end of the connection
    strict     requests: one reading only, or refused. Responses are read tolerantly, but never with two readings
    passed     bytes that may be sent on, exactly as they came
    content    what a body says once its chunks are taken apart: what is kept for the record
"""
