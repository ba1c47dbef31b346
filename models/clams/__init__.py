"""The separability regression of CLAMS: simulated people, training, the model and its card."""
