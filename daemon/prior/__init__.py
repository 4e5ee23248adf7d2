"""The prior: what codes a corpus's sounds are made of, and in which order. Torch; no sockets, no protocol."""
