"""Manners towards Qredo: attempts at a slot, when the next one may begin, slowing down, limits, the breaker."""

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
        migrations.CreateModel(
            "Upstream",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "environment",
                        "is_demo",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("environment", models.CharField(max_length=16)),
                ("is_demo", models.BooleanField()),
                ("rate", models.FloatField(null=True)),
                ("tokens", models.FloatField()),
                ("filled_at", models.DateTimeField(null=True)),
                ("short_since", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("probes", models.PositiveIntegerField()),
                ("probe_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "balances_environment"},
        ),
        # A few rows that are written often: updates stay within their page.
        migrations.RunSQL(
            "ALTER TABLE balances_environment SET (fillfactor = 50)", migrations.RunSQL.noop
        ),
    ]
