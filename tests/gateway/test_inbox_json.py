"""Numbers of any length pass through the inbox page unchanged."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MODULE = Path("gateway/inbox/json.js").resolve()
NODE = shutil.which("node")
pytestmark = [pytest.mark.server, pytest.mark.skipif(NODE is None, reason="Node.js is not installed")]


def evaluated(expression: str, given: object) -> Any:
    """What `expression` makes of `given`, in the module's names."""
    program = (
        f"import {{ Digits, number, parsed, written }} from {json.dumps(MODULE.as_uri())};"
        f"const given = {json.dumps(given)};"
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    ran = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", program], check=True, capture_output=True, text=True, timeout=120
    )
    return json.loads(ran.stdout)


def test_what_is_read_is_written_with_the_same_digits() -> None:
    texts = [
        '{"a":9007199254740993,"b":[-18446744073709551615,1],"c":"9007199254740993"}',
        '{"a":0.12345678901234567890,"b":12345678901234567.5e-3}',
        '{"a":"a \\"text\\" with 12345678901234567890 and {\\\\","b":1.5,"c":null,"d":true}',
        "9007199254740993",
    ]

    assert texts == evaluated("given.map((text) => written(parsed(text)))", texts)


def test_texts_of_people_become_numbers() -> None:
    typed = {
        "9007199254740993": "9007199254740993",
        "0.1": "0.1",
        "-12": "-12",
        "1e400": "1e400",
        "1e-400": "1e-400",
        "0.0": "0",
        "01": "null",
        "1.": "null",
        "e5": "null",
        "": "null",
        "Infinity": "null",
    }

    assert list(typed.values()) == evaluated("given.map((text) => written(number(text)))", list(typed))


def test_a_text_that_looks_like_a_mark_stays_a_text() -> None:
    texts = ['{"a":"number 1-2-3-4 12345678901234567890","b":12345678901234567890}']

    assert texts == evaluated("given.map((text) => written(parsed(text)))", texts)
