"""What a claim and a fresh poll write of a schedule lies together.

Of an update within its page the write-ahead log holds what lies between the first and the last byte that
differ. Spread over the row, that was most of it.
"""

from django.db import migrations

# PostgreSQL cannot move a column: the table is made anew. Grants follow after every migration.
ORDERED = """
CREATE TABLE balances_schedule_ordered (
    account_id bigint NOT NULL,
    interval_seconds integer NOT NULL,
    base_interval_seconds integer,
    not_before timestamptz,
    next_slot timestamptz,
    claim_token uuid,
    claim_slot timestamptz,
    claim_refresh bigint,
    claimed_at timestamptz,
    claim_until timestamptz,
    run_last timestamptz,
    run_slots integer NOT NULL,
    run_lateness_ms integer NOT NULL,
    run_last_observed timestamptz,
    last_attempt_at timestamptz,
    observed_at timestamptz,
    run_first timestamptz,
    run_first_observed timestamptz,
    failing_since timestamptz,
    snapshot_count integer NOT NULL,
    run_count integer NOT NULL,
    attempts smallint NOT NULL,
    tried_reason varchar(32) NOT NULL,
    run_outcome varchar(8) NOT NULL,
    run_reason varchar(32) NOT NULL,
    last_reason varchar(32) NOT NULL,
    last_detail text NOT NULL,
    digest bytea,
    snapshot_chain bytea NOT NULL,
    run_chain bytea NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
"""
COLUMNS = (
    "account_id, interval_seconds, base_interval_seconds, not_before, next_slot, claim_token, claim_slot,"
    " claim_refresh, claimed_at, claim_until, run_last, run_slots, run_lateness_ms, run_last_observed,"
    " last_attempt_at, observed_at, run_first, run_first_observed, failing_since, snapshot_count, run_count,"
    " attempts, tried_reason, run_outcome, run_reason, last_reason, last_detail, digest, snapshot_chain,"
    " run_chain"
)
FILLED = f"""
LOCK TABLE balances_schedule IN ACCESS EXCLUSIVE MODE;
INSERT INTO balances_schedule_ordered ({COLUMNS}) SELECT {COLUMNS} FROM balances_schedule;
DROP TABLE balances_schedule;
ALTER TABLE balances_schedule_ordered RENAME TO balances_schedule;
"""
CONSTRAINED = """
ALTER TABLE balances_schedule
    ADD CONSTRAINT balances_schedule_pkey PRIMARY KEY (account_id),
    ADD CONSTRAINT balances_schedule_account_id_6aabe403_fk_accounts_account_id
        FOREIGN KEY (account_id) REFERENCES accounts_account (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT claim_whole CHECK ((claim_token IS NULL) = (claim_until IS NULL)),
    ADD CONSTRAINT claim_slot_or_refresh CHECK (claim_slot IS NULL OR claim_refresh IS NULL),
    ADD CONSTRAINT interval_positive CHECK (interval_seconds >= 1),
    ADD CONSTRAINT balances_schedule_interval_seconds_check CHECK (interval_seconds >= 0),
    ADD CONSTRAINT balances_schedule_base_interval_seconds_check CHECK (base_interval_seconds >= 0),
    ADD CONSTRAINT balances_schedule_run_slots_check CHECK (run_slots >= 0),
    ADD CONSTRAINT balances_schedule_run_lateness_ms_check CHECK (run_lateness_ms >= 0),
    ADD CONSTRAINT balances_schedule_snapshot_count_check CHECK (snapshot_count >= 0),
    ADD CONSTRAINT balances_schedule_run_count_check CHECK (run_count >= 0),
    ADD CONSTRAINT balances_schedule_attempts_check CHECK (attempts >= 0);
"""


class Migration(migrations.Migration):
    dependencies = [("balances", "0007_flights")]
    operations = [migrations.RunSQL(ORDERED + FILLED + CONSTRAINED, migrations.RunSQL.noop)]
