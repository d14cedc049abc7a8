"""What a reload changes, and what needs a restart."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import Struct

from gateway.settings import Settings

# What is opened once: files, the listener, pages, and what all writes share.
RESTART = (
    "secret",
    "journal",
    "audit",
    "profile",
    "traces",
    "graphiql",
    "inbox",
    "inbox_style",
    "inbox_embedders",
    "metrics",
    "trusted_proxies",
    "subgraph",
)


class ReloadError(Exception):
    """The configuration cannot be used, and nothing was changed. A line for each reason."""


class Reloaded(Struct, frozen=True, kw_only=True):
    """Names of keys and tables. What needs a restart stays as it was."""

    changed: Sequence[str] = ()
    needs_restart: Sequence[str] = ()

    @property
    def lines(self) -> Sequence[str]:
        told = [f"changed: {', '.join(self.changed)}" if self.changed else "nothing has changed"]
        if self.needs_restart:
            told.append(f"not changed, because these need a restart: {', '.join(self.needs_restart)}")
        return told


def reloadable(old: Settings, new: Settings) -> tuple[Settings, Sequence[str]]:
    """The new settings as far as they can be taken over, and the keys that keep their old values until a restart."""
    before, after = old.gateway, new.gateway
    kept = [name for name in RESTART if getattr(before, name) != getattr(after, name)]
    settings = replace(new, gateway=after.model_copy(update={name: getattr(before, name) for name in RESTART}))
    needs = [f"gateway.{name}" for name in kept]
    if old.store != new.store:
        settings = replace(settings, store=old.store)
        needs.append("store")
    if old.shared != new.shared:
        settings = replace(settings, shared=old.shared)
        needs.append("shared")
    # The routes that tell where to sign in are made at the start.
    if (old.auth.mode, getattr(old.auth, "resource", None)) != (new.auth.mode, getattr(new.auth, "resource", None)):
        settings = replace(settings, auth=old.auth)
        needs.append("auth.mode" if old.auth.mode != new.auth.mode else "auth.resource")
    return settings, needs


def changed_tables(old: Settings, new: Settings) -> Sequence[str]:
    """Their names; each source by its key."""
    names = [f"gateway.{name}" for name in type(new.gateway).model_fields if _differs(old.gateway, new.gateway, name)]
    names += [name for name in ("auth", "people", "documents") if _differs(old, new, name)]
    before, after = ({source.key: source for source in settings.sources} for settings in (old, new))
    names += [f"source {key} added" for key in after if key not in before]
    names += [f"source {key} removed" for key in before if key not in after]
    names += [f"source {key}" for key in after if key in before and before[key] != after[key]]
    if [key for key in before if key in after] != [key for key in after if key in before]:
        names.append("order of sources")
    return names


def _differs(old: object, new: object, name: str) -> bool:
    return bool(getattr(old, name) != getattr(new, name))
