"""The trace file: SQLite in WAL mode, written by one process, read by anybody.

Glossary:
    recorder  takes what happens, in the supervisor, and sends it on in batches (``writer``, ``snapshot``, ``link``)
    spool     memory that both share, in which batches wait until they are in the file
    scribe    the process that writes the batches (``scribe``, ``batch``, ``bulk``, ``retention``)
    trace     a file with our ``application_id``; its version is ``PRAGMA user_version``
    session   one writer's stay in a trace: an anchor between monotonic and wall time, and who wrote
    narrow    the ``exchange`` table: what lists and filters need, small enough to scan
    detail    heads, bodies, context and traceback of an exchange, read one at a time
    facet     one header or key of many exchanges side by side: worked out from the details, a shortcut and no more
    rev       a number that grows with every write of an exchange, so that a reader can ask what changed
    dropped   what was seen and is not in the file, counted by kind
"""
