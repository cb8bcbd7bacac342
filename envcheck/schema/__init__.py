"""The JSON Schemas of what envcheck writes."""
