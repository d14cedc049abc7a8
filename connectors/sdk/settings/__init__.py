"""TODO."""

from connectors.sdk.settings.cache import CacheBounds, CacheSettings
from connectors.sdk.settings.limits import LimitsSettings
from connectors.sdk.settings.source import (
    ActsAs,
    BasicCredentials,
    BearerCredentials,
    HeaderCredentials,
    NoCredentials,
    OAuthCredentials,
    Section,
    SourceSettings,
)

__all__ = [
    "ActsAs",
    "BasicCredentials",
    "BearerCredentials",
    "CacheBounds",
    "CacheSettings",
    "HeaderCredentials",
    "LimitsSettings",
    "NoCredentials",
    "OAuthCredentials",
    "Section",
    "SourceSettings",
]
