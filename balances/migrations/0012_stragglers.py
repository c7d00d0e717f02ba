"""The index of time bears changes that fill what was left free in older pages.

One of them made a range of pages reach over days, so that an hour was looked for in most pages of
its day: 600 instead of 30. Now a range is known by up to sixteen stretches of time.
"""

from django.db import migrations

_INDEX = """
DROP INDEX balances_change_time;
CREATE INDEX balances_change_time ON balances_change
USING brin (valid_from {ops}) WITH (pages_per_range = 16, autosummarize = on)
"""


class Migration(migrations.Migration):

    dependencies = [('balances', '0011_after_loads')]

    operations = [
        migrations.RunSQL(
            _INDEX.format(ops='timestamptz_minmax_multi_ops'),
            _INDEX.format(ops='timestamptz_minmax_ops'),
        )
    ]
