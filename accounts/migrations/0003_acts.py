"""The audit log. What the application may do to it is in `qredo_dash/grants.py`."""

from django.db import migrations, models


CHAINED = """
ALTER TABLE accounts_act ADD CONSTRAINT act_chained CHECK (octet_length(chain) = 32);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_shares_tags'),
    ]

    operations = [
        migrations.CreateModel(
            name='Act',
            fields=[
                ('pk', models.CompositePrimaryKey('log', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('log', models.CharField(max_length=64)),
                ('number', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('who_kind', models.CharField(max_length=8)),
                ('who_id', models.BigIntegerField(null=True)),
                ('who', models.CharField(max_length=254)),
                ('act', models.CharField(max_length=40)),
                ('object_kind', models.CharField(max_length=16)),
                ('object_uid', models.CharField(max_length=64)),
                ('object_label', models.CharField(max_length=254)),
                ('address', models.CharField(max_length=45)),
                ('agent', models.CharField(max_length=200)),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('chain', models.BinaryField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('log', 'at'), name='act_once_an_instant'), models.CheckConstraint(condition=models.Q(('who_kind__in', ('person', 'command', 'system', 'nobody'))), name='act_who_known'), models.CheckConstraint(condition=models.Q(('who_id__isnull', False), models.Q(('who_kind', 'person'), _negated=True), _connector='XOR'), name='act_who_person'), models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='act_numbered')],
            },
        ),
        migrations.RunSQL(CHAINED, "ALTER TABLE accounts_act DROP CONSTRAINT act_chained"),
    ]
