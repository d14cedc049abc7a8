"""Configured sources, and what each gave to a list."""
