"""The sample rate that every part of the program uses."""

SAMPLE_RATE_HZ = 48_000
