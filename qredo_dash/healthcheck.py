"""For containers: `python -m qredo_dash.healthcheck [PORT]` ends with 0 if the web process answers.

Needs no setting.
"""

import http.client
import sys

PORT = 8000


def main(port: int = PORT) -> int:
    """Ask once."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/health/", headers={"Host": "localhost"})
        return 0 if link.getresponse().status == http.HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        link.close()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
