"""Start Gestalt: ``python app.py``, then open the address it prints.

The pages are served by ``pages/router.py`` alone; being an ASGI app, no page script can be opened
past it (Streamlit's automatic ``pages`` folder never comes into force).
"""

import asyncio
import os
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from pages.ui import allocator

if __name__ == "__main__" and len(sys.argv) == 1:
    allocator.start_over()  # before anything large is loaded, which would be loaded twice

from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from streamlit.starlette import App

from analytics import __version__, logs, settings
from analytics.errors import BadInput, StoreError
from analytics.jobs import engine
from pages.ui import (
    addresses,
    exposure,
    gate,
    headers,
    housekeeping,
    joining,
    logins,
    origins,
    presenting,
    repairs,
    served,
    services,
    watching,
)

ROOT = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(app):
    """Start the workers with the server, so that the first visitor does not wait for them."""
    logs.set_up()
    watching.gather_logs()
    logins.check()  # a server started by other means than this file refuses here
    services.start()
    tidying = asyncio.create_task(housekeeping.keep())
    yield None
    tidying.cancel()
    services.stop()


def _check() -> None:
    """End here, with one sentence, when a setting cannot be used."""
    try:
        settings.check(), logs.form(), logs.level()
        settings.home()
        logins.check()
        exposure.check(settings.text("GESTALT_ADDRESS"))
        engine.check()
        origins.names(), headers.ancestors()
    except (BadInput, StoreError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit("'python app.py' takes no options: docs/settings.md lists the settings.")
    os.chdir(ROOT)  # where .streamlit/config.toml is read from
    _check()

allocator.one_place()
repairs.apply()
# The gate believes a proxy by the address it comes from, which uvicorn would replace by what the
# proxy says of its visitor.
os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
app = App(
    ROOT / "pages" / "router.py",
    lifespan=lifespan,
    exception_handlers=repairs.HANDLERS,
    middleware=[
        Middleware(watching.Numbers),
        Middleware(headers.Headers),
        Middleware(exposure.Exposure),
        Middleware(origins.Origins),
        Middleware(gate.Gate),
        Middleware(addresses.Unknown),
        Middleware(watching.Measures),
    ],
    secrets=logins.secrets(),
    routes=[
        Mount("/assets/fonts", StaticFiles(directory=ROOT / "assets" / "fonts")),
        Mount("/assets/accounts", StaticFiles(directory=ROOT / "assets" / "accounts")),
        *addresses.ROUTES,
        *joining.ROUTES,
        *presenting.ROUTES,
        *served.ROUTES,
        *watching.ROUTES,
    ],
)

if __name__ == "__main__":
    address, port = settings.text("GESTALT_ADDRESS"), settings.number("GESTALT_PORT")
    shown = "localhost" if address in ("127.0.0.1", "0.0.0.0") else address  # noqa: S104
    print(f"Gestalt {__version__} opens at http://{shown}:{port} (stop it with Ctrl+C)", flush=True)
    with suppress(KeyboardInterrupt):
        app.run(
            config={
                "server.address": address,
                "server.port": port,
                "server.maxUploadSize": settings.number("GESTALT_UPLOAD_MB"),
            }
        )
