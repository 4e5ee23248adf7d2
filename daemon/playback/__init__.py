"""Streams of sound for players: decoded blocks, crossfades and chunks. No sockets, no torch."""
