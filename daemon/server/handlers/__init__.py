"""Request handlers: one small function for each request, one module for each subject."""
