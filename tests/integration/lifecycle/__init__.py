"""What each mode does in each situation of a server's life: what is expected, and what is seen.

``python -m tests.integration.lifecycle`` (``make lifecycle``) prints both; ``test_lifecycle.py`` makes tests of the
same. Everything is driven from outside: the program as a process, its control socket, real requests, real signals; and
what is seen is looked up in the trace as well.

A *situation* is a column of the table, a *cell* what one mode does in one situation, as named *facts*.
"""
