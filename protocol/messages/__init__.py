"""The types of all requests, replies and events, one module for each subject. `registry` lists them all."""
