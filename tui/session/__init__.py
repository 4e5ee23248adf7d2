"""A client's view of one daemon: lists, strands, atlases and jobs."""
