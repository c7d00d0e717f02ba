"""People, organizations, accounts and their keys. Invariants are database constraints."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.time_zones import zone_names
from accounts.words import plain_words


def known_time_zone(name: str) -> None:
    """Raise `ValidationError` unless `name` is a time zone of the IANA database."""
    if name not in zone_names():
        raise ValidationError("Choose a time zone such as Europe/London or UTC.")


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is one person's, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **extra: object) -> "User":
        """Return a new user; without a password nobody can sign in as them."""
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        """Return somebody who administers the installation; it lets them see no account."""
        return self.create_user(email, password, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find the person who signs in, whatever the case of what was typed."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=80, blank=True, validators=[plain_words])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[known_time_zone])
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.email


class Organization(models.Model):
    """A body that holds accounts; people belong to it with a role."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, unique=True, validators=[plain_words])
    created_at = models.DateTimeField(default=timezone.now)
    #: Members without one see nothing of the organization until they have one.
    requires_second_factor = models.BooleanField(default=False)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="organizations"
    )

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do. Roles are not a ladder: an auditor may not refresh."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Membership(models.Model):
    """A person's role in an organization."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="one_role_each"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.organization}"


class Invitation(models.Model):
    """A way into an organization, by a link whose text is known to its holder alone."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail")
    role = models.CharField(max_length=16, choices=Role)
    link_digest = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            # The link's text itself is refused, in whatever way it might get here.
            models.CheckConstraint(
                condition=Q(link_digest__regex=r"^[0-9a-f]{64}$"), name="invitation_digest_form"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_ends_once"
            ),
            models.UniqueConstraint(
                F("organization"),
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation of {self.email} to {self.organization_id}"


class Environment(models.TextChoices):
    """Which of Qredo's installations an account lives in."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


class Account(models.Model):
    """One Qredo account: personal (a user's) or organizational, never both."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    label = models.CharField(max_length=80, validators=[plain_words])
    environment = models.CharField(max_length=16, choices=Environment)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="personal_accounts"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    #: Demo accounts are served by the simulator; they never leave this machine.
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    paused_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    #: Since when there is no key to ask with: the last one was revoked.
    keyless_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) ^ Q(organization__isnull=True),
                name="personal_xor_organizational",
            ),
            models.CheckConstraint(
                condition=Q(environment__in=Environment.values), name="environment_known"
            ),
            models.UniqueConstraint(
                F("organization"), Lower("label"), name="label_once_an_organization"
            ),
            models.UniqueConstraint(F("owner"), Lower("label"), name="label_once_a_person"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_personal(self) -> bool:
        """Whether the account belongs to one person."""
        return self.organization_id is None

    @property
    def is_polled(self) -> bool:
        """Whether slots of this account fall due."""
        return self.paused_at is None and self.archived_at is None and self.keyless_at is None


class ApiKey(models.Model):
    """A key id and its sealed secret. One is active; of replaced ones the secret is erased."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="keys")
    key_id = models.CharField(max_length=128)
    sealed = models.TextField(blank=True)
    #: Which account Qredo says it answers for, if the key may ask; what tells two histories apart.
    qredo_account = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)
    #: Whether it ended without a successor.
    is_revoked = models.BooleanField(default=False)
    ended_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            # The stored form names its format, and the text goes on with the byte 1 that comes
            # before every ciphertext: a plain or half-written secret is refused, and none is kept
            # of a key that has ended.
            models.CheckConstraint(
                condition=Q(
                    sealed__regex=r"^hpke1\.A[Q-Za-f][A-Za-z0-9_-]{70,}$",
                    replaced_at__isnull=True,
                )
                | Q(sealed="", replaced_at__isnull=False),
                name="sealed_form",
            ),
            # Serves the signing layer's look-up of an account's active key.
            models.UniqueConstraint(
                fields=["account"], condition=Q(replaced_at__isnull=True), name="one_active_key"
            ),
        ]

    def __str__(self) -> str:
        return f"key {self.key_id[:4]}… of {self.account_id}"


class Wallets(models.TextChoices):
    """How much of its account a key sees. Qredo does not tell, so a person does."""

    ALL = "all", "All wallets"
    SOME = "some", "Only some wallets"


class Extent(models.Model):
    """What a key was said to see, from an instant on. Append-only by grants.

    A key of which nothing was said by an instant sees all wallets, as far as anybody knew.
    """

    #: The key's, for look-ups of many accounts.
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = models.ForeignKey(ApiKey, models.PROTECT, related_name="extents")
    since = models.DateTimeField()
    wallets = models.CharField(max_length=8, choices=Wallets)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wallets__in=Wallets.values), name="wallets_known"),
        ]

    def __str__(self) -> str:
        return f"{self.wallets} wallets, said of {self.key_id} since {self.since:%Y-%m-%d}"


class EntryRule(models.Model):
    """Whether several entries of one asset in an answer are summed, from an instant on.

    An account without one refuses such answers. Append-only by grants, hence without a foreign key
    to who decided it: `who` is that person's e-mail address at the time, as in the audit log.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()
    is_summed = models.BooleanField()
    #: In the words of who decided it.
    reason = models.CharField(max_length=200)
    who = models.CharField(max_length=254)

    class Meta:
        constraints = [
            # Serves the look-up of an account's rules, and of the newest one.
            models.UniqueConstraint(fields=["account", "since"], name="entry_rule_once_an_instant"),
            models.CheckConstraint(condition=~Q(reason=""), name="entry_rule_has_reason"),
        ]

    def __str__(self) -> str:
        word = "summed" if self.is_summed else "refused"
        return f"entries of {self.account_id} {word} since {self.since:%Y-%m-%dT%H:%M:%SZ}"


class Offer(models.Model):
    """A personal account that its owner offers to an e-mail address for reading.

    It is about an address, whether or not anybody signs in with it, and opens nothing until it is
    accepted. `owner` is whose account it was then; a transfer ends every offer.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="offers")
    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    email = models.EmailField("e-mail")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # Serves "what is offered to this address" too.
            models.UniqueConstraint(fields=["email", "account", "owner"], name="offered_once"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="offered_lower_case"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} offered to {self.email}"


class Share(models.Model):
    """A person has accepted to read a personal account, as long as it stays its owner's.

    `owner` is whose account it was when it was offered; a transfer ends every share.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="shares")
    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="shares")
    created_at = models.DateTimeField(default=timezone.now)
    #: Whether its reader lets it count in their own totals.
    is_counted = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "owner", "user"], name="shared_once"),
            models.CheckConstraint(condition=~Q(user=F("owner")), name="shared_with_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} shared with {self.user_id}"


class Tag(models.Model):
    """A word by which accounts are grouped; who sees an account sees its tags."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=32, validators=[plain_words])

    class Meta:
        constraints = [
            models.UniqueConstraint(F("account"), Lower("name"), name="tag_once_an_account")
        ]

    def __str__(self) -> str:
        return self.name


class Tenure(models.Model):
    """A stretch of time in which an account belonged to one owner and did or did not count.

    The tenures of an account tile its time from the first on; figures as of T follow that of T.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="tenures")
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    is_archived = models.BooleanField(default=False)
    is_counted = models.BooleanField(default=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) ^ Q(organization__isnull=True),
                name="tenure_personal_xor_organizational",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gt=F("began_at")),
                name="tenure_ends_after_it_began",
            ),
            # Serves the look-up of today's tenure.
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="one_open_tenure"
            ),
            # Serves "the accounts of an owner at T".
            ExclusionConstraint(
                name="tenure_once",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    (
                        Func(F("began_at"), F("ended_at"), function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"tenure of {self.account_id} since {self.began_at:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def counts(self) -> bool:
        """Whether the account is in its owner's totals meanwhile."""
        return self.is_counted and not self.is_archived


class Act(models.Model):
    """Something that somebody did: a link of the chain of one log. Append-only by grants.

    It stands for itself: no foreign key, so that whoever and whatever it names may go.
    """

    pk = models.CompositePrimaryKey("log", "number")
    #: Whose log: `installation`, `organization UID` or `person ID`.
    log = models.CharField(max_length=64)
    number = models.BigIntegerField()
    at = models.DateTimeField()
    who_kind = models.CharField(max_length=8)
    who_id = models.BigIntegerField(null=True)
    #: A person's e-mail address at the time, or a command's operator.
    who = models.CharField(max_length=254)
    act = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=16)
    object_uid = models.CharField(max_length=64)
    object_label = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    before = models.JSONField()
    after = models.JSONField()
    chain = models.BinaryField()

    class Meta:
        constraints = [
            # Serves the limits of time; within a log, later is later.
            models.UniqueConstraint(fields=["log", "at"], name="act_once_an_instant"),
            models.CheckConstraint(
                condition=Q(who_kind__in=("person", "command", "system", "nobody")),
                name="act_who_known",
            ),
            models.CheckConstraint(
                condition=Q(who_id__isnull=False) ^ ~Q(who_kind="person"), name="act_who_person"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="act_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.act} in {self.log}, number {self.number}"
