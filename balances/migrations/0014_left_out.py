"""The index of snapshots whose answer has an asset that is left out: few, if any."""

from django.db import migrations

_MAKE = """
CREATE INDEX snapshot_left_out ON balances_snapshot (account_id, observed_at)
WHERE 'left_out' = ANY(flags)
"""


class Migration(migrations.Migration):

    dependencies = [('balances', '0013_operators')]

    operations = [migrations.RunSQL(_MAKE, "DROP INDEX snapshot_left_out")]
