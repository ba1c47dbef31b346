"""The tables of the database, as of its newest version, and how moments are stored.

Migrations build them step by step; a test holds the two together.
"""

from datetime import UTC

import sqlalchemy as sa


class UtcTime(sa.TypeDecorator):
    """A moment, always in UTC. SQLite forgets the zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        """To UTC, so that text order in SQLite is time order."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        """Aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData()


def _of_project(**options) -> sa.Column:
    key = sa.ForeignKey("projects.id", ondelete="CASCADE")
    return sa.Column("project_id", sa.String(32), key, nullable=False, **options)


schema_version = sa.Table(
    "schema_version",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("applied", UtcTime, nullable=False),
)
projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
    sa.Column("undo_token", sa.String(32)),
)
datasets = sa.Table(
    "datasets",
    metadata,
    _of_project(primary_key=True),
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("content", sa.String(64), nullable=False),  # SHA-256 of the upload, "" for a sample
    sa.Column("created", UtcTime, nullable=False),
)
runs = sa.Table(
    "runs",
    metadata,
    _of_project(primary_key=True),
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("method", sa.String(80), nullable=False),
    sa.Column("params", sa.JSON, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("parents", sa.JSON, nullable=False),
    sa.Column("about", sa.JSON, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
)
views = sa.Table(
    "views",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _of_project(index=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("state", sa.JSON, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("saved_by", sa.String(120), nullable=False, server_default=""),
)


# Studies stand on their own: they hold the plots as shown, so that no later work changes them.
studies = sa.Table(
    "studies",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("title", sa.String(120), nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
)


def _of_study(**options) -> sa.Column:
    key = sa.ForeignKey("studies.id", ondelete="CASCADE")
    return sa.Column("study_id", sa.String(32), key, nullable=False, **options)


study_plots = sa.Table(
    "study_plots",
    metadata,
    _of_study(primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("projection", sa.String(32), nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("place", sa.JSON, nullable=False),  # centre x, centre y, span
    sa.Column("points", sa.LargeBinary, nullable=False),  # float32 little-endian, x and y in turn
    sa.Column("rows", sa.LargeBinary, nullable=False),  # int32 little-endian
)
study_people = sa.Table(
    "study_people",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _of_study(index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("token", sa.String(64), nullable=False),  # SHA-256 of what the browser keeps
    sa.Column("joined", UtcTime, nullable=False),
    sa.UniqueConstraint("study_id", "number"),
)
study_answers = sa.Table(
    "study_answers",
    metadata,
    sa.Column(
        "person_id",
        sa.String(32),
        sa.ForeignKey("study_people.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", sa.Integer, nullable=False),  # an answer overtaken on its way is not kept
    sa.Column("strokes", sa.JSON, nullable=False),
    sa.Column("labels", sa.LargeBinary, nullable=False),  # int16 little-endian
    sa.Column("rating", sa.Integer),
    sa.Column("finished", sa.Boolean, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
)


# Reviews stand on their own too: a published version holds its texts and numbers, and names results
# that never change. A purged project leaves the reviews made from it.
reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("token", sa.String(32), nullable=False, unique=True),  # what readers' links hold
    sa.Column("project_id", sa.String(32), sa.ForeignKey("projects.id", ondelete="SET NULL")),
    sa.Column("title", sa.String(120), nullable=False),
    sa.Column("view", sa.JSON, nullable=False),
    sa.Column("texts", sa.JSON, nullable=False),  # section -> what its owner wrote
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
)


def _of_review(**options) -> sa.Column:
    key = sa.ForeignKey("reviews.id", ondelete="CASCADE")
    return sa.Column("review_id", sa.String(32), key, nullable=False, **options)


review_versions = sa.Table(
    "review_versions",
    metadata,
    _of_review(primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(32), nullable=False),  # of the document
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("published", UtcTime, nullable=False),
)
review_comments = sa.Table(
    "review_comments",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _of_review(index=True),
    sa.Column("number", sa.Integer, nullable=False),  # the version that was read
    sa.Column("parent", sa.String(32), sa.ForeignKey("review_comments.id", ondelete="CASCADE")),
    sa.Column("about", sa.JSON, nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),  # SHA-256 of what its writer's page keeps
    sa.Column("resolved_by", sa.String(120), nullable=False),  # "" while it is open
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("updated", UtcTime, nullable=False),
    sa.Column("edited_at", UtcTime),  # when its words were last written anew
    sa.Column("deleted_at", UtcTime),
)
