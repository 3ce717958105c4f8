"""`parity time`: loops made warm, backends that take turns, and what a person sees of their times."""
