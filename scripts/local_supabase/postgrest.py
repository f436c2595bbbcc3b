"""PostgREST, the Data API, as a child process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import aiohttp

from local_supabase import programs
from local_supabase.config import ApiConfig
from local_supabase.errors import StartError
from local_supabase.keys import Keys
from local_supabase.processes import Child, spawn

# Relative: PostgREST and the supervisor both work in the instance's folder, so that the path stays short
# however deep that folder lies.
SOCKET = "postgrest.sock"

_READY_SECONDS = 30


def start(directory: Path, *, database_url: str, public_url: str, keys: Keys, config: ApiConfig) -> Child:
    """Starts PostgREST as a hosted project configures it. Raises MissingProgramError."""
    (directory / SOCKET).unlink(missing_ok=True)
    log = directory / "postgrest.log"
    log.write_bytes(b"")
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "PGRST_DB_URI": database_url,
        "PGRST_DB_SCHEMAS": ",".join(config.schemas),
        "PGRST_DB_EXTRA_SEARCH_PATH": ",".join(config.extra_search_path),
        "PGRST_DB_MAX_ROWS": str(config.max_rows),
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_POOL": "10",
        "PGRST_JWT_SECRET": json.dumps(keys.verification_jwks()),
        "PGRST_SERVER_UNIX_SOCKET": SOCKET,
        "PGRST_OPENAPI_SERVER_PROXY_URI": f"{public_url}/rest/v1",
        "PGRST_LOG_LEVEL": "error",
    }
    return spawn(
        "postgrest",
        [programs.postgrest()],
        log=log,
        environment=environment,
        folder=directory,
        # It keeps nothing, so it needs no time to end.
        stop_signal=signal.SIGKILL,
    )


async def wait_until_ready(child: Child) -> None:
    """Returns once the schema cache is loaded. Raises StartError."""
    deadline = time.monotonic() + _READY_SECONDS
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(SOCKET)) as session:
        while time.monotonic() < deadline and not child.exited():
            try:
                # Any answer but 503 comes from a loaded schema cache.
                async with session.get("http://postgrest/rpc/is_the_schema_cache_loaded") as response:
                    if response.status != 503:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
    raise StartError(f"PostgREST didn't become ready:\n{child.log_tail()}")
