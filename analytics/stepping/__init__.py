"""Clustering algorithms one step at a time, on points that a reader painted."""
