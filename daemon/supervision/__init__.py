"""The broker's side of its child processes: start them, talk to them, restart them. No torch."""
