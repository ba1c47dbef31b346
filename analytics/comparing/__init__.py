"""Several groupings of the same rows, compared: colours, overlap, agreement, consensus, sweeps."""
