"""A client's store of cookies that stays empty."""

from http.cookiejar import CookieJar
from typing import Any


class NoCookies(CookieJar):
    """Takes no cookie of an answer, and adds none to a request.

    One client calls a source for all people. A cookie that the vendor, or something before it, sets for one person would be
    sent with the requests of the next.
    """

    def extract_cookies(self, response: Any, request: Any) -> None:
        pass

    def add_cookie_header(self, request: Any) -> None:
        pass
