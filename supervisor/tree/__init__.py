"""Processes seen from outside: their ends (pidfd), their sessions, and what they use.

session   all processes of one instance: each is started in a session of its own, which no server leaves
"""
