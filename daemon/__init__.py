"""Trains codecs on a person's recordings and serves their codes: broker, workers, codec, store."""
