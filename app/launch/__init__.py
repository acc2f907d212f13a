"""Choosing a target and a mode, starting, switching, stopping.

Words used here:
    entry     an application that the picker offers: a name and what to run
    choice    interface, mode, workers, threads and adapter as picked for an entry
    verdict   whether a choice can run, and if not, why and what can be done
"""
