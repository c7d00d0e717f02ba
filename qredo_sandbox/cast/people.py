"""Accounts of demo people, and spare accounts that are there to be enrolled by hand."""

from qredo_sandbox.flows import DAILY, FRIDAYS, HOURS
from qredo_sandbox.holdings import WEI
from qredo_sandbox.plot import BALANCES, READ_ONLY, SUBMIT_DEFI, Role, own, part

SPARE_ORGANIZATION = "Demo Spare"
TREASURER, ANALYST = "Demo treasurer", "Demo analyst"

ROLES = (
    # The hard case: told in wei, where all others tell their ether and its like in gwei.
    Role(
        "Own savings",
        None,
        TREASURER,
        (
            part("BTC", "1.2", own("treasurer BTC", FRIDAYS, 5, "0.35")),
            part("ETH", "22", own("treasurer ETH", DAILY, 2, "9"), scale=WEI),
            part("MATIC", "4800", own("treasurer MATIC", DAILY, 1, "2500"), scale=WEI),
        ),
        permissions=(BALANCES, READ_ONLY),
    ),
    Role(
        "Own account",
        None,
        ANALYST,
        (
            part("ETH", "7", own("analyst ETH", DAILY, 4, "3")),
            part("USDC", "3100", own("analyst USDC", DAILY, 5, "5200")),
            part("ATOM", "420", own("analyst ATOM", FRIDAYS, 6, "160")),
        ),
    ),
)

SPARE = (
    Role(
        "Spare personal",
        None,
        TREASURER,
        (part("BTC", "0.3", own("spare BTC", DAILY, 8, "0.2")),),
        permissions=(BALANCES, READ_ONLY),
        spare=True,
    ),
    Role(
        "Spare organization",
        SPARE_ORGANIZATION,
        None,
        (
            part("BTC", "12", own("spare organization BTC", HOURS, 8, "5")),
            part("ETH", "330", own("spare organization ETH", HOURS, 8, "120")),
        ),
        permissions=(BALANCES, READ_ONLY),
        spare=True,
    ),
    Role(
        "Spare without permission",
        SPARE_ORGANIZATION,
        None,
        (part("USDC", "50000", own("spare USDC", DAILY, 8, "20000")),),
        permissions=(SUBMIT_DEFI,),
        spare=True,
    ),
)
