"""The caller of the current request, for sources with `acts_as` viewer or exchange."""

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.http import Authority, use_of
from connectors.sdk.settings import SourceSettings
from gateway.federation.cache import SERVICE, Scope
from gateway.federation.traffic import CallContext

# The scope of a person begins with "person:", "no token:" or "for ".
_NO_CALLER = Scope("no caller")


def scope_of(settings: SourceSettings, context: CallContext) -> Scope:
    """Among whom answers of the source may be shared: all callers, or the requests of the one caller of `context` with tokens for the same use.

    A request without a token is told nothing that was read with one: a machine's key is no credential at the vendor. Nor is
    one whose token has another audience, client or scope: the vendor, or the provider that exchanges it, may refuse that.
    """
    if settings.acts_as == "service":
        return SERVICE
    if context.caller is None:
        return _NO_CALLER
    token = _token(settings, context.caller, context)
    if not token:
        return Scope(f"no token:{context.caller.key}")
    use = use_of(token)
    return Scope(f"{'person' if use is None else f'for {use}'}:{context.caller.key}")


def has_credentials(settings: SourceSettings, context: CallContext) -> bool:
    """Whether the source could be called in `context`: one that acts as the person needs a token of theirs."""
    return settings.acts_as == "service" or (
        context.caller is not None and bool(_token(settings, context.caller, context))
    )


def acting_on(settings: SourceSettings, context: CallContext) -> CallContext:
    """`context` with the authority that calls of the source need: the caller's, or none for its service account."""
    caller = context.caller
    if settings.acts_as == "service" or caller is None:
        return structs.replace(context, authority=None)
    token = _token(settings, caller, context)
    authority = Authority(principal=caller.key, identity=caller.identity(settings.key), token=token)
    return structs.replace(context, authority=authority)


def _token(settings: SourceSettings, caller: Caller, context: CallContext) -> str | None:
    """The caller's token, if the source may get it: a provider that exchanges tokens could sign in with those of another one."""
    return context.token if settings.people.believes(caller.issuer) else None
