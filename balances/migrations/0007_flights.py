"""Serves "since when is something pending": the changes before which nothing was (see `flights`)."""

from django.db import migrations

# Few changes begin a flight, so the index is small and most writes do not touch it. Months that are
# made later have it by themselves.
FLIGHTS = """
CREATE INDEX balances_change_flight ON balances_change (holding_id, valid_from)
WHERE pending_in + pending_out > 0
    AND delta_pending_in * scale = pending_in AND delta_pending_out * scale = pending_out;
"""


class Migration(migrations.Migration):

    dependencies = [('balances', '0006_keyless')]

    operations = [migrations.RunSQL(FLIGHTS, 'DROP INDEX balances_change_flight')]
