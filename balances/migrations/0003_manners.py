"""Manners towards Qredo: attempts at a slot, when the next one may begin, slowing down."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("balances", "0002_ledger")]
    operations = [
        migrations.AddField("schedule", "attempts", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField(
            "schedule", "tried_reason", models.CharField(blank=True, default="", max_length=32)
        ),
        migrations.AddField("schedule", "not_before", models.DateTimeField(null=True)),
        migrations.AddField(
            "schedule", "base_interval_seconds", models.PositiveIntegerField(null=True)
        ),
    ]
