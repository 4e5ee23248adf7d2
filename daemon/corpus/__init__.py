"""The user's recordings: read once, measured, and kept as 48 kHz float arrays that map into memory."""
