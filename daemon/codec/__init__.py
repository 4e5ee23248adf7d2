"""The codec turns audio into a grid of discrete codes and back. It depends on torch and numpy only."""
