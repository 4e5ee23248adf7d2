"""The broker's side of its child processes: it starts, contacts and restarts them. It imports no torch."""
