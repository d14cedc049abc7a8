"""The inbox page at `/` and `/inbox`: all tasks of a person, over the public graph alone.

page             the page and its files, served from memory; page.html, page.css, missing.html
main.js          starts the page: language, sign-in, first list
operations.js    every operation that the page sends
graph.js         sends operations, reads streams
json.js          reads and writes JSON with all digits of its numbers
state.js         what the page knows: signals, and what changes them
writes.js        claims, completes and all other writes, and what becomes of them
live.js          follows changes of the list and of sources, offline and online
address.js       filters, order and the open task as an address, and saved views
keys.js          the keyboard
words.js         texts, dates and numbers in the person's language
views/           one file a view, over Preact, htm and signals
texts/           one file of texts a language
package.json     pins what comes from npm; gateway/graphiql/assets.py fetches it into npm/

The browser loads these files as they are: no bundler, no inline script or style, no other host.
"""

from gateway.inbox.page import Inbox

__all__ = ["Inbox"]
