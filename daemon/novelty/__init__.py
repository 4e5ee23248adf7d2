"""Novelty: whether a sound is a copy of a model's recordings, close to one of them, or new."""
