"""The reverse proxy: sockets and time around ``inspector.wire``.

Glossary:
    client       whoever connects to us; ``downstream`` has its connections
    upstream     one instance of the application's server; ``upstream`` has the connections to it
    pool         an upstream's idle connections and the clients and tunnels that use the others
    held         a request that waits because there is no upstream at the moment
    tunnel       a connection after 101: bytes both ways, watched but not touched
    hub          what all connections share
"""
