"""The configuration file and its tables, checked before anything starts.

file      `load`: reads the TOML file and fills in `${NAME}` and `${file:path}`
gateway   `[gateway]`: the process
auth      `[auth]`: how callers sign in
issuers   `[[auth.issuers]]`: identity providers, and how their claims are read
admission `[gateway.admission]`: when there are too many requests
cache_bounds  `[gateway.cache]`: how much is kept
callers   `[gateway.callers]`: how much each person may ask for in a minute
connections  `[gateway.connections]`: what a client may use before it is known
live      `[gateway.live]`: how soon subscribers learn of changes
documents  `[gateway.documents]`: documents that clients name instead of sending their text
subgraph  `[gateway.subgraph]`: part of a graph of Apollo Federation
shared    `[shared]`: what replicas tell each other
store     `[store]`: where the journal is, and how long the journal keeps ended tasks
fast_paths  `[gateway.fast_paths]`: short ways to an answer
people    `[[people]]`: people and their identities
checks    each table against its type, and the tables against each other
link_checks  whether `[sources.people]` can work
faults    the words for what is wrong with a table
errors    `ConfigurationError`: a line that names the key, and texts as one line

`[[sources]]` have their types in the vendors' folders and `connectors/sdk/settings`.
"""

from gateway.settings.admission import AdmissionSettings
from gateway.settings.auth import ApiKey, ApiKeysAuth, AuthSettings, DemoAuth, OidcAuth
from gateway.settings.cache_bounds import CacheBounds
from gateway.settings.callers import CallersSettings
from gateway.settings.connections import ConnectionLimits
from gateway.settings.documents import DocumentsSettings
from gateway.settings.errors import ConfigurationError, one_line
from gateway.settings.fast_paths import FastPaths
from gateway.settings.file import Settings, load
from gateway.settings.gateway import GatewaySettings
from gateway.settings.issuers import (
    Algorithm,
    ClaimPaths,
    IssuerSettings,
    LoginSettings,
    certificates_in,
    is_protected,
)
from gateway.settings.live import LiveSettings
from gateway.settings.people import PersonSettings
from gateway.settings.shared import SharedSettings
from gateway.settings.store import StoreSettings
from gateway.settings.subgraph import SubgraphSettings

__all__ = [
    "AdmissionSettings",
    "Algorithm",
    "ApiKey",
    "ApiKeysAuth",
    "AuthSettings",
    "CacheBounds",
    "CallersSettings",
    "ClaimPaths",
    "ConfigurationError",
    "ConnectionLimits",
    "DemoAuth",
    "DocumentsSettings",
    "FastPaths",
    "GatewaySettings",
    "IssuerSettings",
    "LiveSettings",
    "LoginSettings",
    "OidcAuth",
    "PersonSettings",
    "Settings",
    "SharedSettings",
    "StoreSettings",
    "SubgraphSettings",
    "certificates_in",
    "is_protected",
    "load",
    "one_line",
]
