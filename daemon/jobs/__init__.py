"""The job queue: states, order, pausing and cancelling. One child process runs each job. No torch."""
