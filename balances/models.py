"""The ledger of polls and balances. `migrations/0002_ledger.py` adds what Django cannot express.

Nothing here is written but by `claims`, `recording`, `refreshing` and `pausing`.
"""

import uuid
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Q

from accounts.models import Account, Organization, User


class Outcome(models.TextChoices):
    """How a poll ended."""

    FRESH = "fresh"
    FAILED = "failed"
    MISSED = "missed"


def units() -> "models.DecimalField[Decimal, Decimal]":
    """Return a field of base units: NUMERIC(78, 0) holds 2^256. Read as an exact `Decimal`."""
    return models.DecimalField(max_digits=78, decimal_places=0)


def delta() -> "models.DecimalField[Decimal, Decimal]":
    """Return a field of a difference in units of the asset, exact to 30 decimal places."""
    return models.DecimalField(max_digits=120, decimal_places=30)


class Schedule(models.Model):
    """What an account's polling stands at; claimed and finished by one UPDATE each.

    No index on a column that a claim writes, so that every update is heap-only (HOT); in the table
    (`migrations/0008`) what claims and polls write lies together, so that each logs few bytes.
    """

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True)
    interval_seconds = models.PositiveIntegerField()
    #: The next slot that nobody has claimed; null while paused or archived.
    next_slot = models.DateTimeField(null=True)

    #: The open claim. A slot, or a refresh, or neither.
    claim_token = models.UUIDField(null=True)
    claim_slot = models.DateTimeField(null=True)
    claim_refresh = models.BigIntegerField(null=True)
    claimed_at = models.DateTimeField(null=True)
    claim_until = models.DateTimeField(null=True)

    #: Attempts at the oldest slot that has not ended, and why the newest of them failed.
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_reason = models.CharField(max_length=32, blank=True, default="")
    #: No slot is claimed before this instant: the next attempt's time, or what Qredo asked for.
    not_before = models.DateTimeField(null=True)
    #: The interval before the account was slowed down; null while it is not.
    base_interval_seconds = models.PositiveIntegerField(null=True)
    #: The interval that somebody gave this account; null while it follows the settings.
    own_interval_seconds = models.PositiveIntegerField(null=True)

    #: The open run: slots of one outcome and one reason since `run_first`.
    run_outcome = models.CharField(max_length=8, blank=True, default="")
    run_reason = models.CharField(max_length=32, blank=True, default="")
    run_first = models.DateTimeField(null=True)
    run_last = models.DateTimeField(null=True)
    run_slots = models.PositiveIntegerField(default=0)
    run_first_observed = models.DateTimeField(null=True)
    run_last_observed = models.DateTimeField(null=True)
    #: The longest time between a slot of the run and its observation.
    run_lateness_ms = models.PositiveIntegerField(default=0)

    #: The newest attempt, refreshes included, for the account's state.
    last_attempt_at = models.DateTimeField(null=True)
    last_reason = models.CharField(max_length=32, blank=True, default="")
    last_detail = models.TextField(blank=True, default="")
    failing_since = models.DateTimeField(null=True)
    #: Why it fails, as the log has said since it began to; empty while it does not fail.
    told_reasons = models.TextField(blank=True, default="", db_default="")
    #: The newest fresh observation and the digest of its bytes.
    observed_at = models.DateTimeField(null=True)
    digest = models.BinaryField(null=True)

    #: The heads of the account's two chains (see `chain`).
    snapshot_count = models.PositiveIntegerField(default=0)
    snapshot_chain = models.BinaryField(default=bytes(32))
    run_count = models.PositiveIntegerField(default=0)
    run_chain = models.BinaryField(default=bytes(32))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(claim_token__isnull=True, claim_until__isnull=True)
                | Q(claim_token__isnull=False, claim_until__isnull=False),
                name="claim_whole",
            ),
            models.CheckConstraint(
                condition=Q(claim_slot__isnull=True) | Q(claim_refresh__isnull=True),
                name="claim_slot_or_refresh",
            ),
            models.CheckConstraint(condition=Q(interval_seconds__gte=1), name="interval_positive"),
        ]

    def __str__(self) -> str:
        return f"schedule of {self.account_id}"


class Upstream(models.Model):
    """One of Qredo's environments, for real or for demo accounts: what all workers know of it."""

    pk = models.CompositePrimaryKey("environment", "is_demo")
    environment = models.CharField(max_length=16)
    is_demo = models.BooleanField()
    #: Requests a second while it is asked less often than the settings allow; else null.
    rate = models.FloatField(null=True)
    #: The bucket: how many claims may be taken, as of when. Refreshes may leave it in debt.
    tokens = models.FloatField()
    filled_at = models.DateTimeField(null=True)
    #: Since when every pass has left due accounts to the next one.
    short_since = models.DateTimeField(null=True)
    #: Failures of the upstream-down kind since the last fresh poll, whoever's they were.
    failures = models.PositiveIntegerField()
    #: The breaker: open since when, how often it was probed since, when it is probed next.
    opened_at = models.DateTimeField(null=True)
    probes = models.PositiveIntegerField()
    probe_at = models.DateTimeField(null=True)
    #: Slots that nobody polled, as the log has said: since when, the newest, how many, and why.
    missing_since = models.DateTimeField(null=True)
    missing_at = models.DateTimeField(null=True)
    missing_slots = models.PositiveBigIntegerField(default=0, db_default=0)
    missing_reasons = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "balances_environment"

    def __str__(self) -> str:
        return f"{self.environment}{' of the demo' if self.is_demo else ''}"


class Incident(models.Model):
    """Several keys of one organization that were rejected at once: one thing to mend, not many.

    Its accounts are those whose key is rejected still (see `incidents`).
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="incidents")
    environment = models.CharField(max_length=16)
    kind = models.CharField(max_length=16, choices=[("key_rejected", "key_rejected")])
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "environment", "kind"],
                condition=Q(ended_at__isnull=True),
                name="one_open_incident",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.organization_id} in {self.environment}"


class RejectedAnswer(models.Model):
    """The beginning of an answer that was not understood, compressed with zlib.

    Not history: once per digest and account, the newest few are kept (see `rejections`).
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    #: SHA-256 and size of the whole answer; of one that is too large, of what was read.
    digest = models.BinaryField()
    size = models.PositiveIntegerField()
    body = models.BinaryField()
    #: When it was sent first and last.
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    reason = models.CharField(max_length=32)
    detail = models.TextField()

    class Meta:
        db_table = "balances_rejected"
        constraints = [
            # Serves every list of an account's, too.
            models.UniqueConstraint(fields=["account", "digest"], name="rejected_once"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} of {self.account_id} at {self.last_at:%Y-%m-%dT%H:%M:%SZ}"


class Payload(models.Model):
    """An answer's bytes, compressed with zlib, once per digest (SHA-256 of the bytes as sent)."""

    digest = models.BinaryField(primary_key=True)
    body = models.BinaryField()
    size = models.PositiveIntegerField()

    def __str__(self) -> str:
        return bytes(self.digest).hex()


class Snapshot(models.Model):
    """One fresh poll whose balances differed from the ones before it."""

    account = models.ForeignKey(Account, models.PROTECT, db_index=False)
    #: The slot that it worked off; null for a refresh or an enrolment.
    slot = models.DateTimeField(null=True)
    observed_at = models.DateTimeField()
    payload = models.ForeignKey(Payload, models.PROTECT, db_index=False)
    flags = ArrayField(models.CharField(max_length=32), default=list)
    #: Its place in the account's chain, from 1, and its link.
    number = models.PositiveIntegerField()
    chain = models.BinaryField()

    class Meta:
        constraints = [
            # Serves verification, which walks a chain; no number is given twice.
            models.UniqueConstraint(fields=["account", "number"], name="snapshot_numbered"),
            # Serves "the newest snapshot of an account at or before T"; instants never repeat.
            models.UniqueConstraint(
                fields=["account", "observed_at"], name="snapshot_once_an_instant"
            ),
            models.UniqueConstraint(
                fields=["account", "slot"],
                condition=Q(slot__isnull=False),
                name="snapshot_once_a_slot",
            ),
        ]

    def __str__(self) -> str:
        return f"snapshot of {self.account_id} at {self.observed_at:%Y-%m-%dT%H:%M:%SZ}"


class Holding(models.Model):
    """The current four amounts of one asset in one account."""

    account = models.ForeignKey(Account, models.PROTECT, db_index=False)
    asset = models.CharField(max_length=128)
    total = units()
    available = units()
    pending_in = units()
    pending_out = units()
    scale = units()
    flags = ArrayField(models.CharField(max_length=32), default=list)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Serves the upsert of an answer and every list of an account's assets.
            models.UniqueConstraint(fields=["account", "asset"], name="holding_once"),
            models.CheckConstraint(
                condition=Q(total__gte=0)
                & Q(available__gte=0)
                & Q(pending_in__gte=0)
                & Q(pending_out__gte=0)
                & Q(scale__gte=1),
                name="holding_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} in {self.account_id}"


class Change(models.Model):
    """One holding in one snapshot. Partitioned by month of `valid_from`; never updated.

    Deltas are in units of the asset, exact because a scale is a power of ten.
    """

    pk = models.CompositePrimaryKey("holding", "valid_from")
    holding = models.ForeignKey(Holding, models.DO_NOTHING, db_index=False)
    valid_from = models.DateTimeField()
    snapshot = models.ForeignKey(Snapshot, models.DO_NOTHING, db_index=False)
    total = units()
    available = units()
    pending_in = units()
    pending_out = units()
    scale = units()
    delta_total = delta()
    delta_available = delta()
    delta_pending_in = delta()
    delta_pending_out = delta()
    flags = ArrayField(models.CharField(max_length=32), default=list)

    class Meta:
        managed = False
        db_table = "balances_change"

    def __str__(self) -> str:
        return f"change of {self.holding_id} at {self.valid_from:%Y-%m-%dT%H:%M:%SZ}"


class Run(models.Model):
    """A closed run: consecutive slots of one account with one outcome. Never changed afterwards.

    `span` reaches from the first slot to one interval after the last. Runs and pauses of an account
    tile its time: `PRIMARY KEY (account, span WITHOUT OVERLAPS)`.
    """

    pk = models.CompositePrimaryKey("account", "span")
    account = models.ForeignKey(Account, models.DO_NOTHING, db_index=False)
    span = DateTimeRangeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=32, blank=True)
    first_slot = models.DateTimeField()
    last_slot = models.DateTimeField()
    interval_seconds = models.PositiveIntegerField()
    slots = models.PositiveIntegerField()
    first_observed = models.DateTimeField(null=True)
    last_observed = models.DateTimeField(null=True)
    lateness_ms = models.PositiveIntegerField(default=0)
    number = models.PositiveIntegerField()
    chain = models.BinaryField()

    class Meta:
        managed = False
        db_table = "balances_run"

    def __str__(self) -> str:
        return f"{self.slots} {self.outcome} of {self.account_id}"


class Refresh(models.Model):
    """An extra poll that somebody asked for; counts as an observation, never enters the runs."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="refreshes", db_index=False)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    #: Empty while it is waiting or under way; else an `Outcome` or "skipped".
    outcome = models.CharField(max_length=8, blank=True, default="")
    reason = models.CharField(max_length=32, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    finished_at = models.DateTimeField(null=True)
    observed_at = models.DateTimeField(null=True)
    #: Whether it waits for its environment's limits, as one of many; one alone does not.
    waits = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            # Serves "the newest refresh of an account" and "newest fresh refresh at or before T".
            models.Index(fields=["account", "-asked_at"], name="refresh_newest"),
        ]
        constraints = [
            # Serves the sweep of refreshes whose message was lost; a double click asks once.
            models.UniqueConstraint(
                fields=["account"], condition=Q(finished_at__isnull=True), name="one_open_refresh"
            ),
        ]

    def __str__(self) -> str:
        return f"refresh of {self.account_id}"


class RefreshBatch(models.Model):
    """Refreshes of many accounts that one person asked for at once, to show how far they are.

    Of accounts that had an open refresh already, that one is among them.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    asked_by = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    refresh_ids = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "balances_refresh_batch"
        indexes = [
            # Serves "the newest one of a person".
            models.Index(fields=["asked_by", "-asked_at"], name="refresh_batch_newest"),
        ]

    def __str__(self) -> str:
        return f"{len(self.refresh_ids)} refreshes asked for by {self.asked_by_id}"


#: Why an account stands still: a person paused or archived it, or revoked its key.
HALTS = ("paused", "archived", "keyless")


class Pause(models.Model):
    """A stretch in which no slot fell due because a person said so."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="pauses")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in HALTS])
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="one_open_pause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.account_id}"
