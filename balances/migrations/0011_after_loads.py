"""After a load of history: tell the planner of owners' times, and the index of time of all pages.

What an index of this kind knows nothing of is read by every look for an hour until a vacuum comes.
"""

from django.db import migrations

_ANALYSE = """
CREATE OR REPLACE FUNCTION public.balances_analyse() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    ANALYZE {tables};
    {more}
END $$;
"""
_TABLES = """public.balances_change, public.balances_holding, public.balances_payload,
        public.balances_rollup_day, public.balances_rollup_hour, public.balances_run,
        public.balances_schedule, public.balances_snapshot"""
_OWNERS = "public.accounts_account, public.accounts_tenure"
_SUMMARIZE = """PERFORM brin_summarize_new_values(inhrelid::regclass) FROM pg_inherits
    WHERE inhparent = 'public.balances_change_time'::regclass;"""


class Migration(migrations.Migration):

    dependencies = [("balances", "0010_hours"), ("accounts", "0006_extents")]

    operations = [
        migrations.RunSQL(
            _ANALYSE.format(tables=f"{_TABLES}, {_OWNERS}", more=_SUMMARIZE),
            _ANALYSE.format(tables=_TABLES, more=""),
        )
    ]
