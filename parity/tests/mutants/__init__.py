"""Mutation score: small faults, put into the code one at a time, and whether a check sees each of them."""
