import json

import pytest

from qredo_sandbox.exact import Number, whole_units, written


@pytest.mark.parametrize(
    ("amount", "scale", "text"),
    [
        (0, 10**18, "0"),
        (1, 10**18, "0.000000000000000001"),
        (-1, 10**18, "-0.000000000000000001"),
        (115_600, 10**8, "0.001156"),
        (-123_000_000, 10**6, "-123"),
        (2**200, 10**18, "1606938044258990275541962092341162602522202.993782792835301376"),
        (7, 1, "7"),
    ],
)
def test_whole_units_have_every_digit(amount: int, scale: int, text: str) -> None:
    assert whole_units(amount, scale) == Number(text)


def test_json_with_exact_numbers_is_json() -> None:
    content: dict[str, object] = {'a"b': [Number("-0.10"), None, True, {}, []], "é": ("x", 2**70)}
    text = written(content)
    assert text == '{"a\\"b":[-0.10,null,true,{},[]],"\\u00e9":["x",1180591620717411303424]}'
    assert json.loads(text)['a"b'][1:] == [None, True, {}, []]
