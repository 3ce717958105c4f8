"""The frameworks: which are installed, what they report, and which weights they get."""
