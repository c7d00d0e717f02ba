"""For containers: ends with 0 if the web process beside it answers. Needs no setting."""

import http.client
import sys

PORT = 8000


def main() -> int:
    """Ask once."""
    link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        link.request("GET", "/health/", headers={"Host": "localhost"})
        return 0 if link.getresponse().status == http.HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        link.close()


if __name__ == "__main__":
    sys.exit(main())
