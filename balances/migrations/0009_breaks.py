"""Serves the coverage of long charts: the runs that are not a day filled with fresh polls."""

from django.db import migrations

# Hardly any run of a healthy account is in it. `freshness` asks for exactly this condition.
BREAKS = """
CREATE INDEX balances_run_break ON balances_run (account_id, first_slot) WHERE NOT
(outcome = 'fresh' AND interval_seconds <= 28800 AND lateness_ms <= 1000 * interval_seconds
    AND first_observed - first_slot <= interval '15 seconds'
    AND first_slot - date_bin('1 day', first_slot, timestamptz '1970-01-01 00:00+00')
        < make_interval(secs => interval_seconds)
    AND upper(span) - date_bin('1 day', first_slot, timestamptz '1970-01-01 00:00+00')
        >= interval '1 day')
"""


class Migration(migrations.Migration):

    dependencies = [('balances', '0008_hot_columns')]

    operations = [migrations.RunSQL(BREAKS, 'DROP INDEX balances_run_break')]
