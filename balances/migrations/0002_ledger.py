"""What Django cannot express: partitions, a temporal key, storage settings."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

CHANGES = """
CREATE TABLE balances_change (
    holding_id bigint NOT NULL REFERENCES balances_holding (id),
    valid_from timestamptz NOT NULL,
    snapshot_id bigint NOT NULL REFERENCES balances_snapshot (id),
    total numeric(78, 0) NOT NULL CHECK (total >= 0),
    available numeric(78, 0) NOT NULL CHECK (available >= 0),
    pending_in numeric(78, 0) NOT NULL CHECK (pending_in >= 0),
    pending_out numeric(78, 0) NOT NULL CHECK (pending_out >= 0),
    scale numeric(78, 0) NOT NULL CHECK (scale >= 1),
    delta_total numeric NOT NULL,
    delta_available numeric NOT NULL,
    delta_pending_in numeric NOT NULL,
    delta_pending_out numeric NOT NULL,
    flags varchar(32)[] NOT NULL DEFAULT '{}',
    -- Serves "the newest change of a holding at or before T", backwards through the months.
    PRIMARY KEY (holding_id, valid_from)
) PARTITION BY RANGE (valid_from);

-- Serves the deltas of a stretch of time over many holdings.
CREATE INDEX balances_change_time ON balances_change USING brin (valid_from);

-- There is no default partition: it would have to be scanned whenever a month is added, and rows in it
-- would block that month. A month that is missing is made by whoever writes.
CREATE FUNCTION balances_make_months(first_day date, last_day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', first_day)::date;
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('balances_make_months'));
    WHILE month <= last_day LOOP
        name := 'balances_change_' || to_char(month, 'YYYYMM');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF balances_change FOR VALUES FROM (%L) TO (%L)',
                name, month::text || ' 00:00+00', (month + interval '1 month')::date::text || ' 00:00+00'
            );
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
END $$;
"""

RUNS = """
CREATE TABLE balances_run (
    account_id bigint NOT NULL REFERENCES accounts_account (id),
    span tstzrange NOT NULL,
    outcome varchar(8) NOT NULL CHECK (outcome IN ('fresh', 'failed', 'missed')),
    reason varchar(32) NOT NULL CHECK ((outcome = 'fresh') = (reason = '')),
    first_slot timestamptz NOT NULL,
    last_slot timestamptz NOT NULL,
    interval_seconds integer NOT NULL CHECK (interval_seconds >= 1),
    slots integer NOT NULL CHECK (slots >= 1),
    first_observed timestamptz,
    last_observed timestamptz,
    lateness_ms integer NOT NULL DEFAULT 0,
    CHECK (lower(span) = first_slot AND upper(span) > last_slot AND last_slot >= first_slot),
    -- As many slots as the stretch has room for, not one more or less.
    CHECK (last_slot = first_slot + make_interval(secs => (slots - 1)::double precision * interval_seconds)),
    CHECK ((outcome = 'fresh') = (last_observed IS NOT NULL)),
    -- Serves "the runs of an account between two instants"; two runs never overlap.
    PRIMARY KEY (account_id, span WITHOUT OVERLAPS)
);
-- Serves "the newest run of an account that began at or before T", which the temporal key cannot sort.
CREATE INDEX balances_run_newest ON balances_run (account_id, first_slot);
"""

PAUSES = """
ALTER TABLE balances_pause ADD CONSTRAINT pause_once EXCLUDE USING gist (
    account_id WITH =, tstzrange(began_at, ended_at) WITH &&
);
"""

STORAGE = """
ALTER TABLE balances_schedule SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE balances_holding SET (fillfactor = 50);
-- Answers are compressed before they come here; trying again costs time and saves nothing.
ALTER TABLE balances_payload ALTER COLUMN body SET STORAGE EXTERNAL;
SELECT balances_make_months(now()::date, (now() + interval '2 months')::date);
"""


class Migration(migrations.Migration):
    dependencies = [("balances", "0001_initial")]
    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(CHANGES, "DROP TABLE balances_change; DROP FUNCTION balances_make_months"),
        migrations.RunSQL(RUNS, "DROP TABLE balances_run"),
        migrations.RunSQL(PAUSES, "ALTER TABLE balances_pause DROP CONSTRAINT pause_once"),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
