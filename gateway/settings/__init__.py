"""TODO."""

from gateway.settings.cache_bounds import CacheBounds
from gateway.settings.file import ApiKeysAuth, ConfigurationError, DemoAuth, PersonSettings, Settings, load

__all__ = ["ApiKeysAuth", "CacheBounds", "ConfigurationError", "DemoAuth", "PersonSettings", "Settings", "load"]
