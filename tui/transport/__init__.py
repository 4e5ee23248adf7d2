"""The connection to a daemon: requests, replies and events over ZeroMQ."""
