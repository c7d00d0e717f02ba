"""Whether somebody may know of an asset: only what their accounts held in their own time exists."""

from balances.core import sql
from balances.core.assets import Kind, kind_of
from balances.portfolio.scope import Scope

# Of each tenure: whether the asset changed in it, or was there when it began. What was gone by then
# would tell what the owner before held.
_HELD = """
SELECT DISTINCT a.environment FROM accounts_tenure t
JOIN accounts_account a ON a.id = t.account_id
JOIN balances_holding h ON h.account_id = t.account_id AND h.asset = %s
WHERE t.id = ANY(%s) AND (EXISTS (
    SELECT FROM balances_change c WHERE c.holding_id = h.id
        AND c.valid_from >= t.began_at AND c.valid_from < coalesce(t.ended_at, 'infinity'))
    OR (SELECT (c.total, c.available, c.pending_in, c.pending_out) <> (0, 0, 0, 0)
        FROM balances_change c WHERE c.holding_id = h.id AND c.valid_from < t.began_at
        ORDER BY c.valid_from DESC LIMIT 1))
"""


def kinds_held(scope: Scope, asset: str) -> set[Kind]:
    """Return as what kinds of money an asset was ever in the accounts of a scope."""
    tenures = list(scope.tenures().values_list("pk", flat=True))
    environments = [row[0] for row in sql.rows(_HELD, [asset, tenures])]
    return {kind_of(environment, asset) for environment in environments}
