"""The sample rate that every part of the program uses."""

SAMPLE_RATE_HZ = 48_000
FRAMES_PER_S = 46.875  # of every codec so far: 1024 samples to a frame; a strand states its own
