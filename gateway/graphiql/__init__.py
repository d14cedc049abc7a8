"""GraphiQL for people who open /graphql in a browser. Everything that the page loads comes from this gateway.

page         the page and its files, served from memory; page.html, page.css, page.js, filling.js,
             sign_in.js, favicon.svg, missing.html
returning    where identity providers send people back to, with several of them
examples     the operations in the page's tabs; their texts are in examples/
assets       fetches GraphiQL's own files from npm into npm/; package.json pins the versions
build_hook   puts those files into a wheel
"""

from gateway.graphiql.page import GraphiQL

__all__ = ["GraphiQL"]
