"""What an edit does to cells. Pure numpy on codes (Q, T): no files, no sockets, no models."""
