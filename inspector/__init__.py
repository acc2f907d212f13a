"""What looks at traffic. Knows nothing of processes being managed, nor of windows.

Glossary:
    exchange   one request with all that belongs to it, on the wire and inside the worker
    message    one event of an exchange, in order, with its time
    wire side  what the proxy saw: bytes between client, proxy and server
    app side   what the probe saw: calls between server and application
    trace      an SQLite file of exchanges, messages, workers and logs
    probe      the part of us that runs inside the user's worker (``inspector/probe``)
"""
