"""Clustering: from points to numbered groups, and how far to trust them.

A method's ``run(X, params, seed, progress, dataset) -> Clustering`` gets ``X`` float64 (n, d),
finite, n >= 2 and not all rows equal, and gives raw labels (any whole numbers, -1 for noise).
``fit`` renumbers them; ``operations`` holds what pages, jobs and the command line ask for.
"""
