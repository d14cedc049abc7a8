"""The caller of the current request, for sources with `acts_as` viewer or exchange."""

from msgspec import structs

from connectors.sdk.http import Authority
from connectors.sdk.settings import SourceSettings
from gateway.federation.cache import SERVICE, Scope
from gateway.federation.traffic import CallContext

# The scope of a person begins with "person:".
_NO_CALLER = Scope("no caller")


def scope_of(settings: SourceSettings, context: CallContext) -> Scope:
    """Among whom answers of the source may be shared: all callers, or the one caller of `context`."""
    if settings.acts_as == "service":
        return SERVICE
    return _NO_CALLER if context.caller is None else Scope(f"person:{context.caller.key}")


def acting_on(settings: SourceSettings, context: CallContext) -> CallContext:
    """`context` with the authority that calls of the source need: the caller's, or none for its service account."""
    caller = context.caller
    if settings.acts_as == "service" or caller is None:
        return structs.replace(context, authority=None)
    authority = Authority(principal=caller.key, identity=caller.identity(settings.key), token=context.token)
    return structs.replace(context, authority=authority)
