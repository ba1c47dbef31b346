"""The functions of ``import analytics``: the same requests as the app and the command line.

Results are kept in the data folder by digest, so asking again for the same thing is instant and
gives the same bytes. ``store`` is an :class:`analytics.store.artifacts.Artifacts` to use instead.
Every function raises BadInput, with one sentence, for what the caller can change, and StoreError
when the data folder cannot be read or written.
"""

from analytics.api.groups import cluster, compare, stability, validity
from analytics.api.large import apply, sample
from analytics.api.maps import faithfulness, project, reliability
from analytics.api.pictures import advise, rank, trust
from analytics.api.seeing import clams, perceive
from analytics.api.stored import default_store, keep
from analytics.api.tables import prepare, profile, read
from analytics.api.writing import report, write

__all__ = [
    "advise",
    "apply",
    "clams",
    "cluster",
    "compare",
    "default_store",
    "faithfulness",
    "keep",
    "perceive",
    "prepare",
    "profile",
    "project",
    "rank",
    "read",
    "reliability",
    "report",
    "sample",
    "stability",
    "trust",
    "validity",
    "write",
]
