"""The shapes that logs come in → plain lines that keep their numbers. Pure functions."""
