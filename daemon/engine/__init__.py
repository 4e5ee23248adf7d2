"""The wall between sockets and models: jobs, child processes and the pipes to them."""
