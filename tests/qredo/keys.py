"""Made-up keys, alike in all tests: nobody ever held an account with them."""

import base64

KEY_ID = "made-up-key_1"
SECRET_BYTES = b"made-up secret of nobody, 1234567"
SECRET_TEXT = base64.b64encode(SECRET_BYTES).decode()
NOW_S = 1_700_000_000
