"""Sockets, requests and events of the broker. No torch, no audio codec: it answers whatever the models do."""
