"""The rules of one component, checked as form-js checks them."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from connectors.sdk.feel import NOT_EVALUATED, Context, evaluate, javascript_text, number_of
from connectors.sdk.form_js.components import Component, is_expression
from connectors.sdk.forms import matches

EMAIL = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
)
# The countries and areas that the library knows.
PHONE = (
    r"(\+|00)(297|93|244|1264|358|355|376|971|54|374|1684|1268|61|43|994|257|32|229|226|880|359|973|1242|387|590|375|"
    r"501|1441|591|55|1246|673|975|267|236|1|61|41|56|86|225|237|243|242|682|57|269|238|506|53|5999|61|1345|357|420|"
    r"49|253|1767|45|1809|1829|1849|213|593|20|291|212|34|372|251|358|679|500|33|298|691|241|44|995|44|233|350|224|"
    r"590|220|245|240|30|1473|299|502|594|1671|592|852|504|385|509|36|62|44|91|246|353|98|964|354|972|39|1876|44|962|"
    r"81|76|77|254|996|855|686|1869|82|383|965|856|961|231|218|1758|423|94|266|370|352|371|853|590|212|377|373|261|"
    r"960|52|692|389|223|356|95|382|976|1670|258|222|1664|596|230|265|60|262|264|687|227|672|234|505|683|31|47|977|"
    r"674|64|968|92|507|64|51|63|680|675|48|1787|1939|850|351|595|970|689|974|262|40|7|250|966|249|221|65|500|4779|"
    r"677|232|503|378|252|508|381|211|239|597|421|386|46|268|1721|248|963|1649|235|228|66|992|690|993|670|676|1868|"
    r"216|90|688|886|255|256|380|598|1|998|3906698|379|1784|58|1284|1340|84|678|681|685|967|27|260|263)(9[976]\d|"
    r"8[987530]\d|6[987]\d|5[90]\d|42\d|3[875]\d|2[98654321]\d|9[8543210]|8[6421]|6[6543210]|5[87654321]|4[987654310]|"
    r"3[9643210]|2[70]|7|1)\d{4,20}$"
)
LIMITS = ("min", "max", "minLength", "maxLength")


def limit_of(component: Component, name: str, context: Context) -> object:
    """A limit, evaluated if it is an expression; None if there is none, NOT_EVALUATED if it cannot be evaluated here."""
    value = component.rules.get(name)
    if isinstance(value, str) and is_expression(value):
        return evaluate(value[1:], context)
    return value


def lacks(component: Component, value: object) -> bool:
    """Whether a required component has too little. A text of blanks is enough for the library."""
    if component.type == "checkbox" and value is False:
        return True
    return value in (None, "", [])


def broken_rules(component: Component, value: object, context: Context) -> Iterator[str]:
    """Each completes a sentence that begins with the label. Whether a value is required is another question."""
    if value is NOT_EVALUATED:
        return
    if component.type == "number":
        yield from _digits(component, value)
    if value is None or value == "" or value is False:
        return
    yield from _pattern(component, value)
    if isinstance(value, str | int | Decimal | float):
        yield from _range(component, value, context)
    if isinstance(value, str):
        yield from _length(component, value, context)
        yield from _kind_of_text(component, value)


def _digits(component: Component, value: object) -> Iterator[str]:
    number = number_of(value)
    if not number:
        return
    digits = _count_of(component.members.get("decimalDigits"))
    if digits is not None and digits >= 0 and _decimals(number) > digits:
        yield "takes a whole number" if digits == 0 else f"takes at most {digits} decimals"
    step = number_of(component.members.get("increment"))
    if step and number % step != 0:
        yield f"takes steps of {step}"


def _count_of(limit: object) -> Decimal | None:
    """An empty text is 0 in JavaScript."""
    return Decimal(0) if limit == "" else number_of(limit)


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _range(component: Component, value: object, context: Context) -> Iterator[str]:
    tests: tuple[tuple[str, Callable[[Decimal, Decimal], bool], str], ...] = (
        ("min", lambda number, limit: number < limit, "takes a number from"),
        ("max", lambda number, limit: number > limit, "takes a number up to"),
    )
    for name, is_beyond, rule in tests:
        limit = limit_of(component, name, context)
        if limit is None or limit is NOT_EVALUATED:
            continue
        bound, number = number_of(limit), number_of(value)
        if bound is None or number is None:
            yield f"{rule} {limit}, which is no limit for this value: the form cannot be submitted"
        elif is_beyond(number, bound):
            yield f"{rule} {limit}"


def _length(component: Component, value: str, context: Context) -> Iterator[str]:
    """As JavaScript counts: without blanks at both ends, letters beyond 16 bits twice."""
    length = len(value.strip().strip("\ufeff").encode("utf-16-le", "surrogatepass")) // 2
    fewest, most = (_count_of(limit_of(component, name, context)) for name in ("minLength", "maxLength"))
    if fewest is not None and length < fewest:
        yield f"takes at least {fewest} characters"
    if most is not None and length > most:
        yield f"takes at most {most} characters"


def _kind_of_text(component: Component, value: str) -> Iterator[str]:
    kind = component.rules.get("validationType")
    if kind == "email" and not matches(EMAIL, value):
        yield "takes an e-mail address"
    if kind == "phone" and not matches(PHONE, value):
        yield "takes an international phone number, such as +4930664040900"


def _pattern(component: Component, value: object) -> Iterator[str]:
    pattern = component.rules.get("pattern")
    if not pattern or value == 0:
        return
    if matches(javascript_text(pattern), javascript_text(value)) is False:
        message = component.rules.get("patternErrorMessage")
        yield "does not have the form that is asked for" + (
            f": {message}" if isinstance(message, str) and message else ""
        )
