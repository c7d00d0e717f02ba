"""Sessions are kept by the digest of their cookie's value; nobody is signed out by that."""

from django.db import migrations

# As `accounts.session_store.digest` does it. What has 40 characters is a digest already.
HASHED = """
UPDATE {table} SET session_key = left(encode(sha256(convert_to(session_key, 'UTF8')), 'hex'), 40)
WHERE length(session_key) <> 40
"""
# A value cannot be had back from its digest: who goes back a version signs in anew.
FORGOTTEN = "DELETE FROM {table}"
TABLES = ("django_session", "usersessions_usersession")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_offers"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(HASHED.format(table=table), FORGOTTEN.format(table=table))
        for table in TABLES
    ]
