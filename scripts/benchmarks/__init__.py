"""Benchmarks (`scripts/bench`): each figure against a floor that is measured beside it, in the same run.

An area is a function in `areas/` that yields its figures; AREAS in __main__.py names it.
"""
