"""The cast: a demo fund, a demo exchange, two demo people, and spare accounts."""

from qredo_sandbox.cast import exchange, fund, people

CAST = fund.ROLES + exchange.ROLES + people.ROLES + people.SPARE
