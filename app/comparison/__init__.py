"""The Compare page: one recording under several modes, with what each cost and how its answers came.

Not to be taken for ``app.traffic.compare``, which lays two exchanges beside each other.
"""
