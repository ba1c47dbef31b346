"""The largest inputs the readers accept. Everything that grows is checked against one of these."""

from analytics import settings
from analytics.errors import BadInput

MIB = 2**20

MAX_FILE_BYTES = 2048 * MIB
MAX_UNPACKED_BYTES = 2048 * MIB
# An archive may unpack to this many times its size; below the floor any ratio is harmless.
MAX_RATIO = 250
RATIO_FLOOR_BYTES = 128 * MIB
MAX_DIRECTORY_BYTES = 4 * MIB  # list of members in a zip, about 50,000 names
MAX_JSON_BYTES = 512 * MIB
MAX_CELLS = 200_000_000
MAX_SHEET_CELLS = 20_000_000
MAX_COLUMNS = 20_000
MAX_NAME = 200


def check_size(rows: int, columns: int, max_cells: int | None = None) -> None:
    """Refuse a table that is too wide or has too many cells. Raises BadInput."""
    max_cells = MAX_CELLS if max_cells is None else max_cells
    if columns > MAX_COLUMNS:
        raise BadInput(
            f"The data has {columns:,} columns, but at most {MAX_COLUMNS:,} can be read: "
            "keep the columns you need."
        )
    most = settings.optional("GESTALT_MAX_ROWS")
    if most is not None and rows > most:
        raise BadInput(
            f"The data has {rows:,} rows, but at most {most:,} are opened here: take a sample of "
            "the rows, or ask who runs this server to raise GESTALT_MAX_ROWS."
        )
    if rows * columns > max_cells:
        raise BadInput(
            f"The data has {rows:,} rows and {columns:,} columns, more than {max_cells:,} cells: "
            "take a sample of the rows or keep fewer columns."
        )
