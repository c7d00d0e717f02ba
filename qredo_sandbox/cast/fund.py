"""Demo Fund: custody and a busy trading account, payouts on Fridays, a quiet reserve."""

from qredo_sandbox.flows import DAILY, FRIDAYS, HOURS, MINUTES, MONTHLY, drift, run_down, visit
from qredo_sandbox.plot import BALANCES, READ_ONLY, SANDBOX, Part, Role, Stream, own, part

NAME = "Demo Fund"

# Shared by two holdings: transfers between accounts, swaps within one.
_CUSTODY_TRADING_BTC = Stream("custody to trading, BTC", DAILY, drift(5))
_CUSTODY_TRADING_ETH = Stream("custody to trading, ETH", DAILY, drift(4))
_CUSTODY_SETTLEMENT = Stream("custody to settlement, USDC", DAILY, drift(7))
_RESERVE_OPERATIONS = Stream("reserve to operations, USDC", MONTHLY, drift(12))
_TRADING_BTC_USDC = Stream("trading swaps BTC for USDC", MINUTES, drift(13))
_TRADING_ETH_USDC = Stream("trading swaps ETH for USDC", MINUTES, drift(13))
_TRADING_SOL_USDT = Stream("trading swaps SOL for USDT", MINUTES, drift(11))


def _visiting(asset: str, name: str, swing: str, shape: tuple[int, int]) -> Part:
    return part(asset, "0", Stream(name, DAILY, visit(*shape)).up(swing), leaves=True)


ROLES = (
    Role(
        "Custody",
        NAME,
        None,
        (
            part(
                "BTC",
                "1250",
                _CUSTODY_TRADING_BTC.down("180"),
                own("custody BTC", DAILY, 2, "240"),
            ),
            part(
                "ETH",
                "18400",
                _CUSTODY_TRADING_ETH.down("2600"),
                own("custody ETH", DAILY, 2, "3100"),
            ),
            part("USDC", "9800000", _CUSTODY_SETTLEMENT.down("3400000")),
            part("USDT", "2100000", own("custody USDT", DAILY, 3, "900000")),
            part("QRDO", "6400000", own("custody QRDO", FRIDAYS, 9, "800000")),
            part("SOL", "52000", own("custody SOL", DAILY, 2, "9000")),
            part("MATIC", "1900000", own("custody MATIC", FRIDAYS, 6, "420000")),
            part("LINK", "88000", own("custody LINK", DAILY, 2, "15000")),
            part("ATOM", "61000", own("custody ATOM", FRIDAYS, 8, "12000")),
        ),
        permissions=(BALANCES, READ_ONLY),
    ),
    Role(
        "Trading",
        NAME,
        None,
        (
            part("BTC", "85", _CUSTODY_TRADING_BTC.up("180"), _TRADING_BTC_USDC.up("6.5")),
            part("ETH", "1450", _CUSTODY_TRADING_ETH.up("2600"), _TRADING_ETH_USDC.up("120")),
            part(
                "USDC",
                "1600000",
                _TRADING_BTC_USDC.down("420000"),
                _TRADING_ETH_USDC.down("385000"),
            ),
            part("SOL", "8200", _TRADING_SOL_USDT.up("1400")),
            part("USDT", "740000", _TRADING_SOL_USDT.down("210000")),
            part("MATIC", "310000", own("trading MATIC", HOURS, 4, "52000")),
            part("ATOM", "14500", own("trading ATOM", HOURS, 3, "2600")),
            _visiting("LINK", "trading LINK", "24000", (21, 6)),
        ),
    ),
    Role(
        "Operations",
        NAME,
        None,
        (
            part(
                "USDC",
                "140000",
                Stream("operations payouts", FRIDAYS, run_down(4)).up("680000"),
                _RESERVE_OPERATIONS.up("250000"),
            ),
            part("USDT", "45000", Stream("operations invoices", DAILY, run_down(21)).up("120000")),
            part("ETH", "12", own("operations gas", HOURS, 3, "4.5")),
            part("ETH-GOERLI", "3", own("operations rehearsal", DAILY, 2, "5")),
        ),
        permissions=(READ_ONLY,),
    ),
    Role(
        "Settlement",
        NAME,
        None,
        (
            part(
                "USDC",
                "520000",
                _CUSTODY_SETTLEMENT.up("3400000"),
                own("settle USDC", HOURS, 7, "900000"),
            ),
            part("USDT", "380000", own("settle USDT", HOURS, 6, "640000")),
            part("ETH", "240", own("settle ETH", HOURS, 5, "310")),
        ),
        as_list=True,
    ),
    Role(
        "Reserve",
        NAME,
        None,
        (
            part("BTC", "640", own("reserve BTC", MONTHLY, 6, "90")),
            part("ETH", "9300", own("reserve ETH", MONTHLY, 5, "1200")),
            part("USDC", "4200000", _RESERVE_OPERATIONS.down("250000")),
        ),
    ),
    Role(
        "Collateral",
        NAME,
        None,
        (
            part("BTC", "210", own("collateral BTC", DAILY, 3, "35")),
            part("SOL", "19000", own("collateral SOL", DAILY, 3, "4200")),
            _visiting("ATOM", "collateral ATOM", "31000", (90, 45)),
        ),
        permissions=(BALANCES, READ_ONLY),
    ),
    Role(
        "Rehearsal",
        NAME,
        None,
        (
            part("BTC-TESTNET", "4", own("rehearsal BTC", HOURS, 5, "2.5")),
            part("ETH-GOERLI", "60", own("rehearsal ETH", DAILY, 8, "40")),
            part("QCOIN-1", "200000", own("rehearsal QCOIN", HOURS, 8, "150000")),
        ),
        environment=SANDBOX,
    ),
)
