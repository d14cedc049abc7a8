"""Keys: 64-bit integers written as texts. The upper bits are the number of a partition."""

_LONG = 1 << 63
_PARTITION_SHIFT = 51


def is_key(value: str) -> bool:
    digits = value.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 19 and -_LONG <= int(value) < _LONG


def partition_of(key: str) -> int:
    return int(key) >> _PARTITION_SHIFT
