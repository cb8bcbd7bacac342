"""Finds out why TensorFlow does not use this machine's GPU."""

__version__ = "0.1.0"
