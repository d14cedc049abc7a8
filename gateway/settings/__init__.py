"""TODO."""

from gateway.settings.file import ApiKeysAuth, ConfigurationError, DemoAuth, PersonSettings, Settings, load

__all__ = ["ApiKeysAuth", "ConfigurationError", "DemoAuth", "PersonSettings", "Settings", "load"]
