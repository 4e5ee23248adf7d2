"""ZeroMQ sockets, the handshake, and the way of a message to its handler and back."""
