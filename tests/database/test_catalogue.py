"""What must be true of every object in the schema, read from the database's catalogue."""

import psycopg
from psycopg.rows import DictRow

Database = psycopg.Connection[DictRow]

# Triggers of ours are those whose function is ours, wherever they are attached (auth.users, too).
TRIGGERS_AND_RULES = """
select c.relname || '.' || t.tgname as name
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_proc as p on p.oid = t.tgfoid
where not t.tgisinternal and p.pronamespace = 'private'::regnamespace
union all
select c.relname || '.' || r.conname
from pg_constraint as r
join pg_class as c on c.oid = r.conrelid
where c.relnamespace = 'public'::regnamespace and r.contype in ('c', 'f', 'p', 'u', 'x')
union all
select c.relname || '.' || i.relname
from pg_index as x
join pg_class as i on i.oid = x.indexrelid
join pg_class as c on c.oid = x.indrelid
where c.relnamespace = 'public'::regnamespace and x.indisunique
  and not exists (select from pg_constraint as r where r.conindid = x.indexrelid)
"""


def test_every_trigger_and_constraint_is_covered_by_a_test(db: Database, covered: set[str]) -> None:
    existing = {row["name"] for row in db.execute(TRIGGERS_AND_RULES)}
    bare = {name.split(".")[1] for name in existing}
    missing = {name for name in existing if name not in covered and name.split(".")[1] not in covered}
    assert not missing, f"no test is marked `covers` for {sorted(missing)}"
    unknown = covered - existing - bare
    assert not unknown, f"tests cover what doesn't exist: {sorted(unknown)}"
