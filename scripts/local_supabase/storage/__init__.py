"""Storage: the subset of the real service that development and tests need."""
