"""Every setting as (environment variable, default, help): used at run time and by the docs."""

import os
from dataclasses import dataclass
from pathlib import Path

from analytics.errors import BadInput, StoreError


@dataclass(frozen=True)
class Setting:
    """One setting, read from the environment variable ``name``. whole : it takes a whole number of
    at least 1, or nothing where the default is empty."""

    name: str
    default: str
    help: str
    whole: bool = False


SETTINGS = (
    Setting("GESTALT_HOME", "~/.local/share/gestalt", "Data folder: uploads, results, database."),
    Setting("GESTALT_DATABASE_URL", "", "PostgreSQL URL; empty means SQLite in the data folder."),
    Setting("GESTALT_ADDRESS", "127.0.0.1", "Address the server listens on."),
    Setting("GESTALT_PORT", "8501", "Port the server listens on.", whole=True),
    Setting("GESTALT_OPEN", "", "yes: without login, answer other machines too."),
    Setting(
        "GESTALT_ENGINE",
        "",
        "Dask scheduler that jobs go to, as dask://host:port; empty means worker processes.",
    ),
    Setting("GESTALT_LOGIN", "", "oidc or proxy: people sign in (docs/accounts.md); empty: none."),
    Setting("GESTALT_MEMBERS", "", "Who may sign in: addresses, @domains, names; empty: everyone."),
    Setting("GESTALT_ADMINS", "", "Administrators: addresses or user names, comma-separated."),
    Setting("GESTALT_OIDC_METADATA", "", "Address of the provider's openid-configuration."),
    Setting("GESTALT_OIDC_CLIENT", "", "This server's client id at that provider."),
    Setting(
        "GESTALT_OIDC_SECRET", "", "This server's client secret there; never written anywhere."
    ),
    Setting(
        "GESTALT_OIDC_REDIRECT", "", "This server's address as browsers see it + /oauth2callback."
    ),
    Setting(
        "GESTALT_COOKIE_SECRET", "", "At least 32 random characters that sign the login cookie."
    ),
    Setting("GESTALT_PROXY_FROM", "127.0.0.1,::1", "Addresses or networks of the trusted proxy."),
    Setting(
        "GESTALT_PROXY_HEADERS",
        "X-Forwarded-User,X-Forwarded-Email,X-Forwarded-Preferred-Username",
        "Headers of that proxy: user name, e-mail address, shown name.",
    ),
    Setting("GESTALT_PROXY_SIGN_OUT", "", "Address at that proxy that signs out, for the menu."),
    Setting(
        "GESTALT_HOSTS",
        "",
        "Names the server answers to besides localhost and addresses, comma-separated.",
    ),
    Setting("GESTALT_FRAME_ANCESTORS", "", "Places whose pages may show this one in a frame."),
    Setting("GESTALT_WORKERS", "2", "Worker processes that run jobs.", whole=True),
    Setting(
        "GESTALT_JOB_MEMORY_MB", "4096", "A job using more memory than this is stopped.", whole=True
    ),
    Setting(
        "GESTALT_JOB_SECONDS", "3600", "A job running longer than this is stopped.", whole=True
    ),
    Setting(
        "GESTALT_USER_WAITING", "200", "Steps of one person that may wait for a worker.", whole=True
    ),
    Setting(
        "GESTALT_USER_RUNNING",
        "",
        "Steps of one person that run at once; empty: no limit.",
        whole=True,
    ),
    Setting(
        "GESTALT_USER_UPLOADS_MB", "", "Files of one person in a day; empty: no limit.", whole=True
    ),
    Setting(
        "GESTALT_USER_LLM_CALLS",
        "",
        "Requests of one person to language models in a day.",
        whole=True,
    ),
    Setting("GESTALT_USER_LLM_TOKENS", "", "Tokens of one person in a day.", whole=True),
    Setting("GESTALT_USER_LLM_DOLLARS", "", "US dollars of one person in a day.", whole=True),
    Setting(
        "GESTALT_MAX_ROWS", "", "Rows of a table that is opened whole; empty: no limit.", whole=True
    ),
    Setting(
        "GESTALT_SESSIONS",
        "100",
        "Tabs that may be open at once; more are asked to wait.",
        whole=True,
    ),
    Setting("GESTALT_PLUGINS", "", "Modules to import at start, comma-separated: more operations."),
    Setting("GESTALT_UPLOAD_MB", "300", "Largest file accepted from a browser.", whole=True),
    Setting(
        "GESTALT_DATA",
        "",
        "Folder whose Parquet and CSV files, and folders of such, everyone can open; empty: none.",
    ),
    Setting(
        "GESTALT_CACHE_MB",
        "4096",
        "Results beyond this total are removed, oldest first, at start and once a day; so are "
        "uploaded files, and labels of all rows.",
        whole=True,
    ),
    Setting(
        "GESTALT_KEEP_DAYS",
        "",
        "Results and uploaded files that nothing saved uses go when unused for so many days; empty "
        "means never.",
        whole=True,
    ),
    Setting("OPENAI_API_KEY", "", "Key of the language model's endpoint; never written anywhere."),
    Setting("OPENAI_BASE_URL", "https://api.openai.com/v1", "Address of that endpoint."),
    Setting("GESTALT_LLM_MODEL", "", "Name of the language model at that endpoint."),
    Setting(
        "GESTALT_LLM_HOSTS",
        "",
        "Hosts of other language models that people may name on a shared server, comma-separated.",
    ),
    Setting(
        "GESTALT_ANSWERS_MB",
        "512",
        "Kept answers of language models; the oldest go first.",
        whole=True,
    ),
    Setting("GESTALT_LOG", "text", "Form of the log on standard error: text or json."),
    Setting(
        "GESTALT_LOG_LEVEL",
        "",
        "debug, info, warning or error; empty means warning for text and info for json.",
    ),
    Setting(
        "GESTALT_METRICS_TOKEN",
        "",
        "Who reads /metrics sends it as a bearer token; empty allows this machine only.",
    ),
)

MOST_PORT = 65_535
_BY_NAME = {s.name: s for s in SETTINGS}


def text(name: str) -> str:
    """The value of a setting."""
    return os.environ.get(name) or _BY_NAME[name].default


def number(name: str) -> int:
    """The value of a whole-number setting of at least 1. Raises BadInput."""
    value = text(name)
    if not value.isdecimal() or int(value) < 1:
        raise BadInput(f"{name} is {value!r}, but it takes a whole number of at least 1.")
    return int(value)


def optional(name: str) -> int | None:
    """The value of a whole-number setting of at least 1, None when it is empty. Raises BadInput."""
    return number(name) if text(name) else None


def check() -> None:
    """Raise BadInput, with one sentence, for a number that is none, or no port."""
    for setting in SETTINGS:
        if setting.whole:
            optional(setting.name)
    if number("GESTALT_PORT") > MOST_PORT:
        raise BadInput(f"GESTALT_PORT is {text('GESTALT_PORT')}, but ports end at {MOST_PORT}.")


def shared() -> bool:
    """Whether others than the person who started the server use it: it has a login, is open, or
    listens on more than this machine."""
    address = text("GESTALT_ADDRESS")
    own = address == "localhost" or address.startswith("127.") or address == "::1"
    return not own or bool(text("GESTALT_LOGIN") or text("GESTALT_OPEN"))


def home() -> Path:
    """The data folder, created on first use. Raises StoreError when that is not possible."""
    path = Path(text("GESTALT_HOME"))
    try:
        path = path.expanduser()
        # What people upload is for this user's eyes; a folder that is there stays as it is.
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: "~" of a user without a home
        raise StoreError(
            f"The data folder {path} cannot be used ({getattr(error, 'strerror', '') or error}): "
            "set GESTALT_HOME to a folder that can be written."
        ) from None
    return path
