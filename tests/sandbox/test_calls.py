import pytest

from tests.sandbox.harness import Simulator


def test_a_key_is_known_in_its_environment_only(sim: Simulator) -> None:
    path = "/sandbox/qapi/v1/balance"
    assert sim.get(sim.key("Rehearsal"), path).status == 200
    assert sim.get(sim.key("Rehearsal")).reason == "invalid api key"
    assert sim.get(sim.key("Custody"), path).reason == "invalid api key"


@pytest.mark.parametrize(
    ("name", "balance", "account"),
    [
        ("Custody", 200, 200),
        ("Trading", 200, 403),
        ("Operations", 200, 200),
        ("Spare without permission", 403, 403),
    ],
)
def test_permissions(sim: Simulator, name: str, balance: int, account: int) -> None:
    assert sim.get(sim.key(name)).status == balance
    assert sim.get(sim.key(name), "/qapi/v1/account").status == account


def test_the_missing_permission_is_named(sim: Simulator) -> None:
    answer = sim.get(sim.key("Spare without permission"))
    assert answer.json["code"] == "403"
    assert answer.reason == "permission missing: balances"


def test_an_account_without_funds_answers_null(sim: Simulator) -> None:
    assert sim.get(sim.key("New market")).raw == b'{"assets":null}'


def test_one_account_answers_in_list_form(sim: Simulator) -> None:
    assets = sim.get(sim.key("Settlement")).json["assets"]
    assert [list(one) for one in assets] == [["USDC"], ["USDT"], ["ETH"]]


def test_account_of_an_organization(sim: Simulator) -> None:
    custody = sim.account("Custody")
    settings = sim.get(sim.key("Custody"), "/qapi/v1/account").json["settings"]
    assert settings["id"] == custody["id"]
    assert settings["name"] == "Demo Fund / Custody"
    assert settings["userAPIKeys"]["user_api_keys"][0]["keyID"] == custody["keys"][0]["key_id"]
    assert {"members", "connectClients", "rpcNetworks", "partnerAPI", "domain"} <= set(settings)


def test_account_of_a_person(sim: Simulator) -> None:
    settings = sim.get(sim.key("Own savings"), "/qapi/v1/account").json["settings"]
    assert settings["name"] == "Demo treasurer"
    assert isinstance(settings["userAPIKeys"], list)
    assert {"username", "email", "defaultFiat", "testnetAssets", "partnerAPI"} <= set(settings)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_other_methods_are_not_allowed(sim: Simulator, method: str) -> None:
    path = "/qapi/v1/balance"
    answer = sim.request(method, path, sim.signed(sim.key("Custody"), method=method))
    assert answer.status == 405
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "path", ["/", "/qapi/v1", "/qapi/v1x/balance", "/qapi/v1/balance/", "/qapi/v2/balance"]
)
def test_unknown_paths(sim: Simulator, path: str) -> None:
    answer = sim.get(sim.key("Custody"), path)
    assert (answer.status, answer.json["code"]) == (404, "404")


def test_connections_are_kept_open(sim: Simulator) -> None:
    connection = sim.connect()
    headers = sim.signed(sim.key("Custody"))
    local = set()
    for _ in range(3):
        connection.request("GET", "/qapi/v1/balance", headers=headers)
        assert connection.getresponse().read()
        local.add(connection.sock.getsockname())
    connection.close()
    assert len(local) == 1
