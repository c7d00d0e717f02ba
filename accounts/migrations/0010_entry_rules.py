import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_sealed_texts'),
    ]

    operations = [
        migrations.CreateModel(
            name='EntryRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('is_summed', models.BooleanField()),
                ('reason', models.CharField(max_length=200)),
                ('who', models.CharField(max_length=254)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'since'), name='entry_rule_once_an_instant'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='entry_rule_has_reason')],
            },
        ),
    ]
