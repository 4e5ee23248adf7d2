"""Atomic file writes: a file is replaced completely or not at all."""
