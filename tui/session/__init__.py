"""One daemon as the screens see it: lists, strands, atlases and jobs."""
