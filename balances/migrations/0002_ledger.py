"""What Django cannot express: partitions, a temporal key, storage settings."""

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
    -- Its place in the account's chain, from 1, and its link.
    number integer NOT NULL CHECK (number >= 1),
    chain bytea NOT NULL CHECK (octet_length(chain) = 32),
    UNIQUE (account_id, number),
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

ROLL_UPS = """
CREATE TABLE balances_rollup_hour (
    organization_id bigint REFERENCES accounts_organization (id),
    owner_id bigint REFERENCES accounts_user (id),
    environment varchar(16) NOT NULL,
    asset varchar(128) NOT NULL,
    at timestamptz NOT NULL CHECK (at = date_trunc('hour', at, 'UTC')),
    total numeric NOT NULL,
    available numeric NOT NULL,
    pending_in numeric NOT NULL,
    pending_out numeric NOT NULL,
    CHECK ((organization_id IS NULL) <> (owner_id IS NULL)),
    -- Serves the upsert, and the chart of an owner's asset.
    UNIQUE NULLS NOT DISTINCT (organization_id, owner_id, environment, asset, at)
);
CREATE TABLE balances_rollup_day (
    LIKE balances_rollup_hour INCLUDING ALL EXCLUDING CONSTRAINTS,
    FOREIGN KEY (organization_id) REFERENCES accounts_organization (id),
    FOREIGN KEY (owner_id) REFERENCES accounts_user (id),
    CHECK ((organization_id IS NULL) <> (owner_id IS NULL)),
    CHECK (at = date_trunc('day', at, 'UTC'))
);
"""

CHAINS = """
ALTER TABLE balances_snapshot ADD CONSTRAINT snapshot_chained
    CHECK (octet_length(chain) = 32 AND number >= 1);
"""

STORAGE = """
ALTER TABLE balances_schedule SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE balances_holding SET (fillfactor = 50);
-- Answers are compressed before they come here; trying again costs time and saves nothing.
ALTER TABLE balances_payload ALTER COLUMN body SET STORAGE EXTERNAL;
SELECT balances_make_months(now()::date, (now() + interval '2 months')::date);
"""


class Migration(migrations.Migration):
    dependencies = [("balances", "0001_initial"), ("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(CHANGES, "DROP TABLE balances_change; DROP FUNCTION balances_make_months"),
        migrations.RunSQL(RUNS, "DROP TABLE balances_run"),
        migrations.RunSQL(PAUSES, "ALTER TABLE balances_pause DROP CONSTRAINT pause_once"),
        migrations.RunSQL(ROLL_UPS, "DROP TABLE balances_rollup_hour, balances_rollup_day"),
        migrations.RunSQL(CHAINS, "ALTER TABLE balances_snapshot DROP CONSTRAINT snapshot_chained"),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
