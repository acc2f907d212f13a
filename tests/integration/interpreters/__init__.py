"""Applications run by another Python than ours: each mode in environments of the interpreters that this machine has.

environment   a virtual environment of one interpreter, with the servers that it supports
stay          a mode in an environment, from its start to its stop
"""
