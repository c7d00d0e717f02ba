import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_acts'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='keyless_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='qredo_account',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
        migrations.AddField(
            model_name='apikey',
            name='is_revoked',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='apikey',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='sealed',
            field=models.TextField(blank=True),
        ),
        migrations.RemoveConstraint(model_name='apikey', name='sealed_form'),
        # Of a key that was replaced before, the secret is of no use any more.
        migrations.RunSQL(
            "UPDATE accounts_apikey SET sealed = '' WHERE replaced_at IS NOT NULL",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(
                condition=Q(sealed__regex='^hpke1\\.[A-Za-z0-9_-]{70,}$', replaced_at__isnull=True) | Q(sealed='', replaced_at__isnull=False),
                name='sealed_form',
            ),
        ),
    ]
