"""The broker's sockets, requests and events. It imports no torch and no audio codec, so that it always responds."""
