"""Request handlers: one small function for each request, grouped by what they are about."""
