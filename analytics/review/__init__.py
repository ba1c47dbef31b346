"""Reviews: a saved analysis as one page for readers who were not there, with their comments."""
