from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('balances', '0005_incidents'),
    ]

    operations = [
        migrations.AlterField(
            model_name='pause',
            name='kind',
            field=models.CharField(choices=[('paused', 'paused'), ('archived', 'archived'), ('keyless', 'keyless')], max_length=8),
        ),
    ]
