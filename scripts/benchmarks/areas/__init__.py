"""One module per area; each measures the figures that it names, on a stack of its own."""
