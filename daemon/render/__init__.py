"""Codes and sounds to files on disk."""
