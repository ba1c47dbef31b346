"""A person's corrections as a layer over any clustering; see docs/compare.md."""
