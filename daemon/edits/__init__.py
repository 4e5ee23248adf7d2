"""The effect of edits on cells: numpy functions on codes (Q, T), without files, sockets or models."""
