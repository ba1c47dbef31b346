"""Graphs: links between rows, from a file or from nearest rows, and what is computed on them.

A graph hangs on a table as ``edges``: int32 (m, 2), pairs of row numbers, each pair once with the
smaller number first, sorted, no row linked with itself; ``edge_weights`` float32 (m,), or None when
every link counts 1. A dataset has those of its rows.
"""
