"""Copies of tables without triggers: what writing the same rows costs when nothing follows from it."""

# ruff: noqa: S608 (the statements are put together from constants)

from benchmarks.stack import Bench

SCHEMA = "bench"


def copy_tables(bench: Bench, *names: str, schema: str = SCHEMA, prefix: str = "") -> None:
    """Makes `schema.prefix<name>` for each table of public, equal in all that a write costs but the triggers.

    That is rows, checks, indexes, the foreign key to the owner, policies and grants.
    """
    with bench.superuser() as db:
        db.execute(f"create schema if not exists {schema}")
        db.execute(f"grant usage on schema {schema} to authenticated, service_role")
        for name in names:
            copy = f"{schema}.{prefix}{name}"
            db.execute(f"create table {copy} (like public.{name} including all)")
            db.execute(f"insert into {copy} select * from public.{name}")
            owner = "foreign key (user_id) references public.profiles (id) on delete cascade"
            db.execute(f"alter table {copy} add {owner}")
            db.execute(f"alter table {copy} enable row level security")
            for command, rule in (
                ("select", "using ((select auth.uid()) = user_id)"),
                ("insert", "with check ((select auth.uid()) = user_id)"),
                (
                    "update",
                    "using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id)",
                ),
                ("delete", "using ((select auth.uid()) = user_id)"),
            ):
                db.execute(f"create policy {command}_own on {copy} for {command} to authenticated {rule}")
            db.execute(f"grant select, insert, update, delete on {copy} to authenticated, service_role")
            db.execute(f"vacuum analyze {copy}")
