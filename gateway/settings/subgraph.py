"""`[gateway.subgraph]`: the graph as part of a larger one, by Apollo Federation."""

from connectors.sdk.settings import Section
from schema.core.federation_version import FederationVersion


class SubgraphSettings(Section):
    """With `enabled` the graph has `_entities` and `_service`, by which a router joins it with other graphs. Its SDL is
    then told to everyone who is signed in, also where `introspection` is off. `version`: of Apollo Federation, in the SDL.
    """

    enabled: bool = False
    version: FederationVersion = "2.3"
