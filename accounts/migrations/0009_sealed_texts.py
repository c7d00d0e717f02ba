"""A stored secret begins as every ciphertext does.

Each text that opens begins with the byte 1 and the id of its vault key, and has 54 bytes at least.
A row that does not fit holds what no worker can open: the update stops there and changes nothing.
"""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_sessions")]

    operations = [
        migrations.RemoveConstraint(model_name="apikey", name="sealed_form"),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=Q(
                    sealed__regex=r"^hpke1\.A[Q-Za-f][A-Za-z0-9_-]{70,}$",
                    replaced_at__isnull=True,
                )
                | Q(sealed="", replaced_at__isnull=False),
                name="sealed_form",
            ),
        ),
    ]
