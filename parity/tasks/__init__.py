"""The exercises: one specification a file."""
