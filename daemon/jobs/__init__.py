"""The job queue: states, order, pausing and cancelling. Each job runs in its own child process."""
