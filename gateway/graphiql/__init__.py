"""GraphiQL for people who open /graphql in a browser. Everything that the page loads comes from this gateway.

page         the page and its files, served from memory; page.html, page.css, page.js, filling.js,
             sign_in.js, favicon.svg, missing.html
files        files that a page loads, served from memory
entrance     how people sign in on a page
returning    where identity providers send people back to, with several of them
examples     the operations in the page's tabs; their texts are in examples/
assets       fetches the files of the pages from npm into npm/; package.json pins the versions
build_hook   puts those files into a wheel

gateway/inbox uses the same files, entrance and assets.
"""

from gateway.graphiql.assets import is_complete
from gateway.graphiql.entrance import Login, entrance, no_logins, offered, origins, script_data
from gateway.graphiql.files import MEDIA_TYPES, Asset, Assets, compressed, digest
from gateway.graphiql.page import GraphiQL
from gateway.graphiql.returning import names, route

__all__ = [
    "MEDIA_TYPES",
    "Asset",
    "Assets",
    "GraphiQL",
    "Login",
    "compressed",
    "digest",
    "entrance",
    "is_complete",
    "names",
    "no_logins",
    "offered",
    "origins",
    "route",
    "script_data",
]
