"""/storage/v1, as a part of the gateway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from aiohttp import web

from local_supabase.config import StorageConfig
from local_supabase.database import Database
from local_supabase.keys import Keys
from local_supabase.storage.access import Access
from local_supabase.storage.buckets import Buckets
from local_supabase.storage.downloads import Downloads
from local_supabase.storage.files import FileStore
from local_supabase.storage.objects import Objects

_PREFIX = "/storage/v1"


class Storage:
    """Objects under row level security, their bytes in files below `folder`."""

    open_paths: Sequence[str] = (f"{_PREFIX}/object/public/", f"{_PREFIX}/object/sign/")

    def __init__(self, keys: Keys, database_url: str, folder: Path, config: StorageConfig) -> None:
        self._folder = folder
        self._database = Database(database_url)
        access, files = Access(keys, self._database), FileStore(folder)
        self._buckets = Buckets(access, files)
        self._objects = Objects(access, files, config.file_size_limit)
        self._downloads = Downloads(access, files, keys)

    def routes(self) -> Iterable[web.RouteDef]:
        place = f"{_PREFIX}/object"
        buckets = self._buckets.routes(f"{_PREFIX}/bucket")
        return [*buckets, *self._downloads.routes(place), *self._objects.routes(place)]

    async def start(self) -> None:
        # What people upload is for this user alone.
        self._folder.mkdir(mode=0o700, exist_ok=True)
        await self._database.open()

    async def stop(self) -> None:
        await self._database.close()
