"""What the Supabase advisors say of a freshly migrated database; exit status 1 on anything from WARN up."""

import sys
import tempfile
from pathlib import Path

from local_supabase import LocalSupabaseError, push, running, supabase_cli


def main() -> int:
    """Runs the check; returns the exit status."""
    try:
        with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as instance:
            push(instance)
            advice = supabase_cli("db", "advisors", "--level", "warn", "--fail-on", "warn", instance=instance)
    except LocalSupabaseError as error:
        print(error, file=sys.stderr)
        return 1
    print("supabase db advisors:", (advice.stdout + advice.stderr).strip().splitlines()[-1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
