"""The daemon: it trains codecs on recordings, and serves their codes. Broker, workers, codec and store."""
