"""Whatever a server does with HTTP/1.1, no account is given what was meant for another one.

Many accounts ask in many threads; whatever the transport takes has to be, byte for byte, the one
answer that was meant for that very request.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from qredo import QredoError, Transport
from tests.qredo.odd_server import GOOD, ODDITIES, OddServer

ACCOUNTS, REQUESTS, THREADS = 24, 40, 8


@pytest.mark.parametrize("seed", range(3))
def test_no_account_is_ever_given_the_answer_of_another(seed: int) -> None:
    transport = Transport(read_timeout=0.5, deadline=2)
    with OddServer(seed).running() as server, ThreadPoolExecutor(THREADS) as pool:
        taken = list(pool.map(lambda key: polled(transport, server, key), range(ACCOUNTS)))
    assert sum(server.drawn.values()) == ACCOUNTS * REQUESTS
    assert server.drawn.keys() == ODDITIES.keys()
    # Other threads may be late by so much that what was to follow later follows at once.
    assert sum(taken) >= 0.8 * sum(server.drawn[name] for name in GOOD)


def polled(transport: Transport, server: OddServer, account: int) -> int:
    """Ask for one account again and again; return how often its answer was taken."""
    key, taken = f"key-{account}", 0
    for number in range(REQUESTS):
        try:
            answer = transport.get(f"{server.url}/balance", {"qredo-api-key": key})
        except QredoError:
            continue
        if answer.status == 200:
            assert answer.body == server.meant[key][number]
            taken += 1
    return taken
