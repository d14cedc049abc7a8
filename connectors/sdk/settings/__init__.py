"""What the configuration may say of a source.

section        base class of every part of the configuration
address        addresses of systems and token endpoints
source         the settings that every source has; a vendor derives its own from them
credentials    the kinds of credentials that several vendors share
limits         requests in a window, and requests at the same time
cache          how long answers stay fresh
link_template  links for people, made from a template
links          how people are linked to accounts
outcomes       outcomes that the configuration lists
webhook        what the vendor may send to the gateway
priorities     a vendor's numbers as priorities
"""

from connectors.sdk.settings.address import Endpoint, WebAddress
from connectors.sdk.settings.cache import CacheSettings
from connectors.sdk.settings.credentials import (
    BasicCredentials,
    BearerCredentials,
    HeaderCredentials,
    NoCredentials,
    OAuthCredentials,
)
from connectors.sdk.settings.limits import LimitsSettings
from connectors.sdk.settings.link_template import LinkTemplate, link_of
from connectors.sdk.settings.links import LinkSettings
from connectors.sdk.settings.outcomes import ConfiguredOutcome, ConfiguredOutcomes, task_outcomes
from connectors.sdk.settings.priorities import PriorityThresholds
from connectors.sdk.settings.section import Section
from connectors.sdk.settings.source import ActsAs, ReaderCredentials, SourceSettings
from connectors.sdk.settings.webhook import WebhookSettings

__all__ = [
    "ActsAs",
    "BasicCredentials",
    "BearerCredentials",
    "CacheSettings",
    "ConfiguredOutcome",
    "ConfiguredOutcomes",
    "Endpoint",
    "HeaderCredentials",
    "LimitsSettings",
    "LinkSettings",
    "LinkTemplate",
    "NoCredentials",
    "OAuthCredentials",
    "PriorityThresholds",
    "ReaderCredentials",
    "Section",
    "SourceSettings",
    "WebAddress",
    "WebhookSettings",
    "link_of",
    "task_outcomes",
]
