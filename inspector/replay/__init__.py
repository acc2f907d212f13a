"""Sending recorded requests again, and laying each answer beside the original's.

Glossary:
    original     the recorded exchange; it is never changed
    run          one replay of many originals (``inspector.model.ReplayRun``)
    plan         which originals are sent, in what order and when; and which are not, and why
    pace         when requests leave: as they were recorded, faster by a factor, or as fast as they are answered
    turn         one thing that a recorded WebSocket's client says or does; its script is all of them in order
    mark         the header by which our own proxy ties the new exchange to its original, and takes it off
    landing      where the new exchange is found: with our proxy, or made from the answer when the server is foreign
"""
