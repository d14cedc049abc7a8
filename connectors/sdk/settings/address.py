"""Addresses in the configuration."""

import ipaddress
import re
import socket
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_ADDRESS = re.compile(r"https?://[^\s/?#@\\]+(/[^\s?#]*)?(\?[^\s#]*)?")
# Numbers in the forms that the system takes for an IPv4 address: 169.254.1.1, 0xa9fe0101, 2851995905.
_NUMERIC = re.compile(r"[0-9][0-9a-fx.]*", re.IGNORECASE)


def _checked(value: str) -> str:
    if not _ADDRESS.fullmatch(value) or not value.isprintable():
        raise ValueError("must be an address such as https://system.example.com/path")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0:
        raise ValueError("must be an address such as https://system.example.com/path: its host or port is none")
    if _is_link_local(host):
        raise ValueError(
            "is a link-local address, where clouds keep credentials of machines; no system of a vendor is there"
        )
    return value


def _without_query(value: str) -> str:
    if "?" in value:
        raise ValueError("must be an address without ?")
    return value


def _is_link_local(host: str) -> bool:
    numbers = socket.inet_aton(host) if _is_numeric(host) else host.partition("%")[0]
    try:
        found = ipaddress.ip_address(numbers)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_link_local


def _is_numeric(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return _NUMERIC.fullmatch(host) is not None


Endpoint = Annotated[str, AfterValidator(_checked)]
"""http:// or https://, a host, and optionally a port, a path and a query."""

WebAddress = Annotated[str, AfterValidator(_checked), AfterValidator(_without_query)]
"""An `Endpoint` without a query: paths are added to it."""
