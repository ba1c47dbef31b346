"""One module per method of the literature, or per family of one paper: its measurement.

A module holds ``METHODS`` (ids of the registry that it measures; may be empty for what is no
clustering), ``CLAIM`` (the paper's claim, with the paper) and ``measure() -> iterable of
Measured``. Its page is ``docs/methods/NAME.md``. Modules whose name begins with "_" are helpers.
"""
