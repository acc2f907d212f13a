"""The Workers page: which processes serve, what each has in hand, and how those before them ended.

Words used here:
    life      one process in a slot, from the first to the last time it was reported
    in hand   the exchanges whose application a worker is running
"""
