from bisect import bisect_right
from itertools import pairwise

import pytest

from qredo_sandbox.cast import CAST
from qredo_sandbox.chance import draw
from qredo_sandbox.flows import MINUTES, Flow, drift
from qredo_sandbox.world import Account, World

START, END = 1_577_836_800, 2_208_988_800  # 2020 to 2040
NOON = 1_768_478_400  # 2026-01-15
HOUR, DAY = 3_600, 86_400

Figures = dict[str, dict[str, int]]


def figures(account: Account, second: int) -> Figures:
    return account.assets(second) or {}


def named(world: World, name: str) -> Account:
    return next(account for account in world.accounts.values() if account.role.name == name)


def changes(account: Account, start: int, stop: int, step: int = 1) -> list[int]:
    """The sampled seconds at which an answer differs from the sample before."""
    bodies = ((second, account.balance(second)) for second in range(start, stop, step))
    return [then for (_, old), (then, new) in pairwise(bodies) if old != new]


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


def test_identity_holds_and_nothing_is_negative_at_any_instant(world: World) -> None:
    instants = [START + draw(7, number) % (END - START) for number in range(300)]
    checked = pending = 0
    for account in world.accounts.values():
        for second in instants:
            for of_asset in figures(account, second).values():
                total, available, pending_in, pending_out, scale = of_asset.values()
                assert all(type(amount) is int for amount in of_asset.values())
                assert total == available + pending_in - pending_out
                assert min(total, available, pending_in, pending_out) >= 0
                assert str(scale).strip("0") == "1"
                checked += 1
                pending += bool(pending_in or pending_out)
    assert checked > 10_000
    assert pending > 500


def test_answers_do_not_depend_on_the_order_of_questions() -> None:
    instants = [NOON + draw(3, number) % (30 * DAY) for number in range(150)]
    forward, backward = World(1), World(1)
    told = {
        (account.id, second): account.balance(second)
        for second in sorted(instants)
        for account in forward.accounts.values()
    }
    for second in sorted(instants, reverse=True):
        for account in backward.accounts.values():
            assert account.balance(second) == told[account.id, second]


def test_another_seed_is_another_world(world: World) -> None:
    other = World(2)
    assert not set(world.accounts) & set(other.accounts)
    assert named(world, "Custody").balance(NOON) != named(other, "Custody").balance(NOON)


@pytest.mark.parametrize("name", ["Trading", "Hot wallet"])
def test_busy_accounts_visibly_move(world: World, name: str) -> None:
    moved = changes(named(world, name), NOON, NOON + 4 * HOUR)
    assert 30 <= 4 * HOUR / len(moved) <= 120
    assert max(later - sooner for sooner, later in pairwise(moved)) < 20 * 60


def test_balances_are_steps_not_smooth_noise(world: World) -> None:
    for account in world.accounts.values():
        assert len(changes(account, NOON, NOON + HOUR)) <= 120


def test_cold_accounts_are_quiet_for_weeks(world: World) -> None:
    for name in ("Cold storage", "Reserve"):
        moved = changes(named(world, name), NOON, NOON + 200 * DAY, HOUR)
        assert moved
        assert max(later - sooner for sooner, later in pairwise(moved)) > 21 * DAY


def test_deposits_pend_before_they_are_available(world: World) -> None:
    before, during, after = spell_of(world, "pendingIn")
    amount = during["pendingIn"]
    assert during["total"] == before["total"] + amount
    assert during["available"] == before["available"]
    assert after["available"] == before["available"] + amount
    assert after["pendingIn"] == 0
    assert after["total"] == during["total"]


def test_withdrawals_pend_before_available_moves_out(world: World) -> None:
    before, during, after = spell_of(world, "pendingOut")
    amount = during["pendingOut"]
    assert during["total"] == before["total"] - amount
    assert during["available"] == before["available"]
    assert after["available"] == before["available"] - amount
    assert after["pendingOut"] == 0
    assert after["total"] == during["total"]


def spell_of(world: World, field: str) -> list[dict[str, int]]:
    """The figures before, during and after an approved proposal in a holding with one flow."""
    account = named(world, "Own account")
    seconds = [NOON, *changes(account, NOON, NOON + 60 * DAY, 60)]
    seen = [figures(account, second)["ETH"] for second in seconds]
    steps = [one for one, other in pairwise([*seen, {}]) if one != other]
    return next(
        steps[at - 1 : at + 2]
        for at in range(1, len(steps) - 1)
        if steps[at][field] and steps[at + 1]["available"] != steps[at]["available"]
    )


def test_some_proposals_are_refused(world: World) -> None:
    account = named(world, "Own account")
    seen = [
        figures(account, second)["ETH"] for second in changes(account, NOON, NOON + 90 * DAY, 60)
    ]
    assert any(
        one["pendingIn"] + one["pendingOut"]
        and one["available"] == other["available"]
        and not other["pendingIn"] + other["pendingOut"]
        for one, other in pairwise(seen)
    )


def test_transfers_and_swaps_settle_on_both_sides_at_once(world: World) -> None:
    hot, cold = named(world, "Hot wallet"), named(world, "Cold storage")
    together = [
        figures(hot, second)["BTC"]
        for second in range(NOON, NOON + 60 * DAY, HOUR)
        if figures(cold, second)["BTC"]["pendingIn"]
    ]
    assert together
    assert all(of_asset["pendingOut"] for of_asset in together)
    desk = named(world, "OTC desk")
    for second in range(NOON, NOON + 10 * DAY, 600):
        held = figures(desk, second)
        assert bool(held["BTC"]["pendingIn"]) == bool(held["USDT"]["pendingOut"])


def test_assets_come_and_go_for_days(world: World) -> None:
    for name, asset in (("Trading", "LINK"), ("Collateral", "ATOM")):
        account = named(world, name)
        absent = [asset not in figures(account, NOON + day * DAY) for day in range(90)]
        edges = sum(one != other for one, other in pairwise(absent))
        assert 5 <= sum(absent) <= 60
        assert 1 <= edges <= 10


def test_an_asset_leaves_through_pending(world: World) -> None:
    account = named(world, "Trading")
    seconds = range(NOON, NOON + 30 * DAY, 120)
    gone = next(
        then
        for now, then in pairwise(seconds)
        if "LINK" in figures(account, now) and "LINK" not in figures(account, then)
    )
    last = figures(account, gone - 120)["LINK"]
    assert last["total"] == 0
    assert last["pendingOut"] == last["available"] > 0


def test_ether_and_its_like_are_told_in_gwei_and_by_one_account_in_wei(world: World) -> None:
    told = {
        (account.role.name, asset): of_asset["scale"]
        for account in world.accounts.values()
        for asset, of_asset in figures(account, NOON).items()
        if asset in {"ETH", "MATIC", "LINK", "ETH-GOERLI"}
    }
    finest = {holder for holder, scale in told.items() if scale == 10**18}
    assert finest == {("Own savings", "ETH"), ("Own savings", "MATIC")}
    assert {scale for holder, scale in told.items() if holder not in finest} == {10**9}


def test_only_wei_pass_what_64_bits_hold(world: World) -> None:
    for account in world.accounts.values():
        for of_asset in figures(account, NOON).values():
            assert of_asset["total"] < 2**63 or of_asset["scale"] == 10**18
    assert figures(named(world, "Own savings"), NOON)["MATIC"]["total"] > 2**63 * 100


def test_both_sides_of_every_flow_have_one_scale() -> None:
    """Coins that leave one account come to the other exactly: for one asset, at one scale."""
    scales: dict[tuple[str, str], set[int]] = {}
    for role in CAST:
        for part in role.parts or ():
            for side in part.sides:
                scales.setdefault((side.stream.name, part.asset), set()).add(part.scale)
    assert {len(of_flow) for of_flow in scales.values()} == {1}


def test_testnet_assets_stand_in_the_sandbox_and_in_one_production_account(world: World) -> None:
    testnet = {"BTC-TESTNET", "ETH-GOERLI", "QCOIN-1"}
    holders = {
        (account.role.name, account.role.environment): testnet & set(figures(account, NOON))
        for account in world.accounts.values()
    }
    assert {holder: held for holder, held in holders.items() if held} == {
        ("Rehearsal", "sandbox"): testnet,
        ("Operations", "production"): {"ETH-GOERLI"},
    }


def test_a_cached_answer_ends_when_the_next_change_comes(world: World) -> None:
    """Asked every second or by chance, the account tells the same."""
    account = named(world, "Hot wallet")
    moved = [NOON, *changes(account, NOON, NOON + 2 * HOUR)]
    bodies = [World(1).accounts[account.id].balance(second) for second in moved]
    for second in (NOON + draw(5, number) % (2 * HOUR) for number in range(200)):
        assert account.balance(second) == bodies[bisect_right(moved, second) - 1]


def test_a_stage_contains_its_second_and_neighbours_join_without_hole() -> None:
    flow = Flow(1, "any", MINUTES, drift(13))
    second = NOON
    for _ in range(500):
        stage = flow.stage(second)
        assert stage.since <= second < stage.until
        assert flow.stage(stage.until - 1) == stage
        assert flow.stage(stage.until).since == stage.until
        second = stage.until
