"""Doubts about images of the whole catalog: scores with reasons. Pure; nothing is deleted."""
