"""Nouns become Documents: here stands what a person reads, and no word of any format."""
