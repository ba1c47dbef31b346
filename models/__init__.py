"""What the product predicts people with: networks, fitted models and the scripts that train them.

One folder per model, each with its file of weights (no pickle), its checksum and a model card.
"""
