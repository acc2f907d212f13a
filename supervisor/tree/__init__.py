"""Processes seen from outside: their ends (pidfd), their sessions, what has left those, and what they use.

session     all processes of one instance that did not leave it: each is started in a session of its own
stray       what came from an instance and left its session: a daemon, or what was started with ``setsid``
kin         the strays of one instance, known by descent
orphan      a stray whose parent ended: it is ours then, where we are the subreaper of what we start
caretaker   a process that outlives a killed supervisor, and ends what that leaves
"""
