"""Hours are found in few pages, although later changes fill what was left free in older ones."""

from datetime import timedelta

import pytest

from balances.core import sql
from balances.models import Change
from tests.support.history import at, coins, keyless, seen

#: One change of so many lies two weeks later than those around it.
_STRAGGLES = 500
_CHANGES = """
INSERT INTO balances_change
SELECT (jsonb_populate_record(one, jsonb_build_object('valid_from', one.valid_from
    + CASE WHEN n %% %(straggles)s = 0 THEN interval '14 days' ELSE interval '0' END
    + n * interval '1 second'))).*
FROM balances_change one CROSS JOIN generate_series(1, 20000) n
"""


@pytest.mark.django_db
def test_an_hour_is_found_in_few_pages() -> None:
    seen(keyless("Custody", at(0)), at(0), BTC=coins(1))
    sql.count(_CHANGES, {"straggles": _STRAGGLES})
    sql.rows("SELECT balances_analyse()")
    sql.count("SET LOCAL enable_seqscan = off")
    sql.count("SET LOCAL enable_indexonlyscan = off")
    hour = at(4)
    within = [hour, hour + timedelta(hours=1)]
    (found,) = sql.rows(
        "EXPLAIN (ANALYZE, FORMAT JSON) SELECT delta_total FROM balances_change"
        " WHERE valid_from >= %s AND valid_from < %s",
        within,
    )
    scan = found[0][0]["Plan"]
    wanted = Change.objects.filter(valid_from__gte=within[0], valid_from__lt=within[1]).count()
    assert scan["Actual Rows"] == wanted > 3500
    # Pages are known by sixteens, so that some hundred changes at both ends are read in vain.
    assert scan["Rows Removed by Index Recheck"] < wanted
