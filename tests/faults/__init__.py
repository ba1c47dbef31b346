"""Programs killed at any moment, and what is left of what they had acknowledged."""
