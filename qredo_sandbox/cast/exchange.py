"""Demo Exchange: a busy hot wallet, cold storage that hardly moves, fees swept every week."""

from qredo_sandbox.flows import DAILY, HOURS, MINUTES, MONTHLY, drift, run_down
from qredo_sandbox.plot import BALANCES, READ_ONLY, Role, Stream, own, part

NAME = "Demo Exchange"

# Shared by two holdings: transfers between accounts, swaps within one.
_HOT_COLD_BTC = Stream("hot to cold, BTC", MONTHLY, drift(14))
_HOT_COLD_ETH = Stream("hot to cold, ETH", MONTHLY, drift(12))
_DESK_BTC_USDT = Stream("desk swaps BTC for USDT", HOURS, drift(6))
_DESK_ETH_USDC = Stream("desk swaps ETH for USDC", HOURS, drift(5))

ROLES = (
    Role(
        "Hot wallet",
        NAME,
        None,
        (
            part("BTC", "42", own("hot BTC", MINUTES, 13, "9"), _HOT_COLD_BTC.down("60")),
            part("ETH", "610", own("hot ETH", MINUTES, 12, "140"), _HOT_COLD_ETH.down("900")),
            part("USDC", "830000", own("hot USDC", MINUTES, 12, "260000")),
            part("USDT", "950000", own("hot USDT", MINUTES, 11, "310000")),
            part("SOL", "5200", own("hot SOL", HOURS, 10, "1900")),
        ),
    ),
    Role(
        "Cold storage",
        NAME,
        None,
        (
            part("BTC", "3900", _HOT_COLD_BTC.up("60")),
            part("ETH", "47000", _HOT_COLD_ETH.up("900")),
        ),
        permissions=(BALANCES, READ_ONLY),
    ),
    Role(
        "Fees",
        NAME,
        None,
        (
            part("BTC", "0.4", Stream("fees BTC", DAILY, run_down(7)).down("3.2")),
            part("ETH", "5", Stream("fees ETH", DAILY, run_down(7)).down("48")),
            part("USDC", "12000", Stream("fees USDC", DAILY, run_down(14)).down("190000")),
            part("QRDO", "30000", Stream("fees QRDO", DAILY, run_down(28)).down("450000")),
        ),
    ),
    Role(
        "OTC desk",
        NAME,
        None,
        (
            part("BTC", "65", _DESK_BTC_USDT.up("22")),
            part("USDT", "1250000", _DESK_BTC_USDT.down("1430000")),
            part("ETH", "900", _DESK_ETH_USDC.up("410")),
            part("USDC", "700000", _DESK_ETH_USDC.down("1310000")),
        ),
        permissions=(READ_ONLY,),
    ),
    Role("New market", NAME, None, None),
)
