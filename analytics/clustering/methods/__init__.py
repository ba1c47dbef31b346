"""One module per family of methods; each holds a tuple ``METHODS`` of registry rows."""
