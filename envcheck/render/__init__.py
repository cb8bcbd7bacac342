"""Documents become a format, and nouns become JSON: here stands the format, and no word of any noun."""
