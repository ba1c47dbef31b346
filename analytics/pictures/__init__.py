"""Choosing a picture: many scatterplots ranked, the best map looked for, rankings trusted or not.

``ranking`` scores plots and sorts them, from ``columns`` of a table or from ``files``; ``sweep``
and ``search`` propose maps, ``advice`` chooses among them; ``trust`` asks whether clustering
methods can be ranked on clear and on ambiguous plots.
"""
