"""The tables of accounts, beside those of ``analytics.store.schema``."""

import sqlalchemy as sa

from analytics.store.schema import UtcTime, metadata

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),  # "" unless the login vouches for it
    sa.Column("login", sa.String(254), nullable=False),
    sa.Column("seen", UtcTime, nullable=False),
)
# thing : id of a project, study or review. who : a key of Person.keys, or LINK.
shares = sa.Table(
    "shares",
    metadata,
    sa.Column("thing", sa.String(32), primary_key=True),
    sa.Column("who", sa.String(300), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("created", UtcTime, nullable=False),
)
# holder : id of the person or the project that has a file. content : its SHA-256.
holdings = sa.Table(
    "holdings",
    metadata,
    sa.Column("holder", sa.String(32), primary_key=True),
    sa.Column("content", sa.String(64), primary_key=True),
)
