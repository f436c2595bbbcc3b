"""A local Supabase without Docker, for development and tests; never for production. See README.md.

with running(directory) as instance:
    push(instance)
    client = create_client(instance.url, instance.publishable_key)
"""

from local_supabase.cli import push, supabase_cli
from local_supabase.data_api import wait_for_schema
from local_supabase.errors import CliError, ConfigError, LocalSupabaseError, MissingProgramError, StartError
from local_supabase.instance import Instance, find
from local_supabase.launcher import running

__all__ = [
    "CliError",
    "ConfigError",
    "Instance",
    "LocalSupabaseError",
    "MissingProgramError",
    "StartError",
    "find",
    "push",
    "running",
    "supabase_cli",
    "wait_for_schema",
]
