"""Serves the hours that a point of a chart cuts: changes by time, an hour of them in few pages."""

from django.db import migrations

# What was written since pages were last summarized is read every time, so that happens by itself.
FINE = """
DROP INDEX balances_change_time;
CREATE INDEX balances_change_time ON balances_change
USING brin (valid_from) WITH (pages_per_range = 16, autosummarize = on)
"""
COARSE = """
DROP INDEX balances_change_time;
CREATE INDEX balances_change_time ON balances_change USING brin (valid_from)
"""


class Migration(migrations.Migration):

    dependencies = [('balances', '0009_breaks')]

    operations = [migrations.RunSQL(FINE, COARSE)]
