"""What a player is sent: decoded blocks, crossfades and streams of chunks. No sockets, no torch."""
