"""ZeroMQ sockets, the handshake, and the delivery of messages to their handlers and of replies to clients."""
