"""Studies: several people group the same plots, and how far they agree."""
