"""The Replay page: send recorded exchanges again, and see original and replay beside each other."""
