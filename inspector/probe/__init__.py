"""Runs inside the user's worker: watches the calls between a server and an application, and tells the supervisor.

CPython 3.8 and up, the standard library and relative imports only; it must know nothing of the rest of the program,
which is not on a worker's path. ``launch.py`` loads this package by file path under the name ``_gatescope_probe``, so
that no name of ours meets one of the user's. ``PROTOCOL.md`` says what it is told and what it tells.

Glossary:
    boundary   our callable in the application's place: what the server calls
    call       one invocation of the application, numbered within its process
    frame      one event on its way to the supervisor
    master     the process that starts and reaps workers; without workers there is none
"""
