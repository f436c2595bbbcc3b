"""What can go wrong with a local Supabase, as its user sees it.

LocalSupabaseError
├── MissingProgramError   a program it needs isn't installed
├── ConfigError           supabase/config.toml can't be used
├── StartError            an instance didn't become ready
└── CliError              a Supabase CLI command failed
"""

from __future__ import annotations


class LocalSupabaseError(Exception):
    """Base of every error that this package raises for its user; the message says what to do."""


class MissingProgramError(LocalSupabaseError):
    """A program isn't installed, or its version doesn't fit."""


class ConfigError(LocalSupabaseError):
    """supabase/config.toml can't be read or holds a value of the wrong kind."""


class StartError(LocalSupabaseError):
    """An instance didn't become ready; the message carries the end of its log."""


class CliError(LocalSupabaseError):
    """A Supabase CLI command failed; the message carries its output."""
