"""The user's recordings: decoded once, measured, and cached as memory-mapped 48 kHz float arrays."""
