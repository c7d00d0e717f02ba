"""When Python looks for what nobody refers to any more: seldom, and not among what stays.

A large page makes tens of thousands of values that go away by themselves. Looked through at every
seven hundred of them, together with all of Django, they take as long again as the page.
"""

import gc
from typing import Final

#: So many values may be new before the next look; some ten megabytes.
_NEW: Final = 50_000


def settle() -> None:
    """Leave out of all looks what is there now, and look more seldom; once, when all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW)
