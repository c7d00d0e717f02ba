"""What the application's role may not do itself and is lent, within bounds, by the owner.

The grants themselves are made after every migration: `qredo_dash/grants.py`.
"""

from django.db import migrations

# An empty search path but for the catalogue: nothing of the caller's can stand in for what is named.
MONTHS = """
CREATE OR REPLACE FUNCTION public.balances_make_months(first_day date, last_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month date := date_trunc('month', first_day)::date;
    next_month date;
    name text;
BEGIN
    IF first_day IS NULL OR last_day IS NULL OR last_day < first_day
        OR first_day < date '2009-01-01' OR last_day >= date '2200-01-01'
        OR last_day >= (month + interval '240 months') THEN
        RAISE EXCEPTION 'months are made from 2009 to 2199, at most 240 at once'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('balances_make_months'));
    WHILE month <= last_day LOOP
        next_month := (month + interval '1 month')::date;
        name := 'balances_change_' || to_char(month, 'YYYYMM');
        IF to_regclass('public.' || name) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE public.%I PARTITION OF public.balances_change FOR VALUES FROM (%L) TO (%L)',
                name, to_char(month, 'YYYY-MM-DD 00:00+00'), to_char(next_month, 'YYYY-MM-DD 00:00+00')
            );
        END IF;
        month := next_month;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION public.balances_make_months(date, date) FROM PUBLIC;
"""

# Only an owner may ANALYZE; after a load of history the planner would know nothing of it.
ANALYSE = """
CREATE FUNCTION public.balances_analyse() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    ANALYZE public.balances_change, public.balances_holding, public.balances_payload,
        public.balances_rollup_day, public.balances_rollup_hour, public.balances_run,
        public.balances_schedule, public.balances_snapshot;
END $$;
REVOKE ALL ON FUNCTION public.balances_analyse() FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("balances", "0003_manners")]
    operations = [
        migrations.RunSQL(MONTHS, migrations.RunSQL.noop),
        migrations.RunSQL(ANALYSE, "DROP FUNCTION public.balances_analyse()"),
    ]
