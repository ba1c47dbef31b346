"""Tables larger than memory, in one pass over pieces of their rows.

What is computed of a piece is a pure function of it, and a ``merge`` joins the answers of any two
pieces or sets of pieces, in any order and from any machine:

| of a piece | joined by | read off |
|---|---|---|
| ``sketch.of_chunk`` | ``sketch.merge`` | ``sketch.facts``: the profile of every column |
| ``lattice.of_points`` | ``lattice.merge`` | ``lattice.ambiguity``: CLAMS of all points |
| ``groups.of_chunk`` | ``groups.merge`` | ``groups.table``: counts and means by group |
| ``rows.of_chunk`` | ``rows.merge`` | ``rows.chosen``: a seeded sample, even or in proportion |
| ``batches.sums`` | ``batches.merge`` | ``batches.moved``: one round of k-means over all rows |
"""
