"""Pictures of the window on real traffic, made by one command: ``python -m tests.screenshots``."""
