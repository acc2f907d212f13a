"""What a target is, asked of its own interpreter: ``inspector/probe/examine.py`` imports it there and says.

Only that other process imports the user's code; what comes back is JSON, and read with suspicion.
"""
