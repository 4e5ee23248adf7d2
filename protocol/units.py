"""The sample rate that both sides of the wire use."""

SAMPLE_RATE_HZ = 48_000
