"""Kinds of data: which columns each has, and what its labels may be."""
