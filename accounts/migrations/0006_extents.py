import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_sign_in'),
    ]

    operations = [
        migrations.CreateModel(
            name='Extent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('wallets', models.CharField(choices=[('all', 'All wallets'), ('some', 'Only some wallets')], max_length=8)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account')),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='extents', to='accounts.apikey')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('wallets__in', ['all', 'some'])), name='wallets_known')],
            },
        ),
    ]
