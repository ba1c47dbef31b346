"""ClusterNet: predicts which points of a scatterplot people would group together.

After Hartwig, van Onzenoodt, Engel, Hermosilla & Ropinski, ClusterNet: A Perception-Based
Clustering Model for Scattered Data (arXiv 2304.14185). What the shipped weights learned from is
said in ``card.md``.
"""
