"""User tasks and embedded start forms in BPMN documents."""

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.camunda.formats.bpmn import NAMESPACE, UserTask, embedded_start_form, user_tasks
from connectors.sdk.errors import MalformedResponseError

ZEEBE = "http://camunda.org/schema/zeebe/1.0"
ID = st.text("abcdefghijklmnopqrstuvwxyz_-.0123456789", min_size=1)
# Characters that XML can have in an attribute and does not normalise.
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="￾￿"), min_size=1)


def document(inside: str, *, prolog: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    """A document with `inside` in its process "invoice"."""
    return (
        f'{prolog}<bpmn:definitions xmlns:bpmn="{NAMESPACE}" xmlns:zeebe="{ZEEBE}">'
        f'<bpmn:process id="invoice" isExecutable="true">{inside}</bpmn:process>'
        f'<bpmn:process id="other"><bpmn:userTask id="not_ours" name="Not ours"/></bpmn:process></bpmn:definitions>'
    ).encode()


def start(inside: str, key: str = "camunda-forms:bpmn:f") -> str:
    form = f'<bpmn:extensionElements><zeebe:formDefinition formKey="{key}"/></bpmn:extensionElements>'
    return f'<bpmn:startEvent id="s">{form}{inside}</bpmn:startEvent>'


FORM = '<bpmn:extensionElements><zeebe:userTaskForm id="f">{"a": "&lt;b&gt;"}</zeebe:userTaskForm></bpmn:extensionElements>'


@pytest.mark.parametrize(
    ("inside", "form"),
    [
        (FORM + start(""), '{"a": "<b>"}'),
        (start("") + FORM, '{"a": "<b>"}'),
        (FORM + start("<bpmn:timerEventDefinition/>") + start(""), '{"a": "<b>"}'),
        (FORM, None),
        (FORM + start("", key="other"), None),
        (FORM + start("<bpmn:timerEventDefinition/>"), None),
        (FORM + f'<bpmn:subProcess id="p">{start("")}</bpmn:subProcess>', None),
    ],
)
def test_the_embedded_form_of_the_start_event_is_its_text(inside: str, form: str | None) -> None:
    """Of the event of the process itself that waits for nothing."""
    assert form == embedded_start_form(document(inside), "invoice")


def test_a_start_form_that_the_document_lacks_is_malformed() -> None:
    """It is not an absent form."""
    with pytest.raises(MalformedResponseError, match="start form"):
        embedded_start_form(document(start("")), "invoice")


def ids(inside: str) -> list[str]:
    return [each.element_id for each in user_tasks(document(inside), "invoice")]


def test_a_user_task_has_the_name_of_its_tasks() -> None:
    """Without a name it has its id. User tasks of other processes in the document are left out."""
    inside = '<bpmn:userTask id="approve" name="Approve &amp; &#252;ber&#252;n"/><bpmn:userTask id="pay"/><bpmn:userTask id="x" name=""/>'

    assert [
        UserTask(element_id="approve", name="Approve & überün"),
        UserTask(element_id="pay", name="pay"),
        UserTask(element_id="x", name="x"),
    ] == user_tasks(document(inside), "invoice")
    assert [UserTask(element_id="not_ours", name="Not ours")] == user_tasks(document(inside), "other")


@pytest.mark.parametrize("scope", ["subProcess", "adHocSubProcess", "transaction"])
def test_user_tasks_of_nested_scopes_are_included(scope: str) -> None:
    """At any depth, and user tasks of the process behind them."""
    inner = f'<bpmn:{scope} id="s2"><bpmn:userTask id="deep"/></bpmn:{scope}>'
    inside = f'<bpmn:{scope} id="s1"><bpmn:userTask id="first"/>{inner}</bpmn:{scope}><bpmn:userTask id="last"/>'

    assert ["first", "deep", "last"] == ids(inside)


def test_a_user_task_of_several_instances_is_one_definition() -> None:
    """So is a user task of a job worker, and one whose id occurs twice."""
    loop = "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements/></bpmn:multiInstanceLoopCharacteristics>"
    native = "<bpmn:extensionElements><zeebe:userTask/></bpmn:extensionElements>"

    assert ["each", "job"] == ids(
        f'<bpmn:userTask id="each">{native}{loop}</bpmn:userTask><bpmn:userTask id="job"/><bpmn:userTask id="each"/>'
    )


@pytest.mark.parametrize(
    "inside",
    [
        '<bpmn:serviceTask id="a"/>',
        '<zeebe:userTask id="a"/>',
        '<userTask id="a"/>',
        f'<x:userTask xmlns:x="{NAMESPACE}/" id="a"/>',
        "<bpmn:userTask/>",
        '<bpmn:userTask zeebe:id="a"/>',
        '<bpmn:userTask id=""/>',
        '<!-- <bpmn:userTask id="a"/> -->',
        '<![CDATA[<bpmn:userTask id="a"/>]]>',
        '<bpmn:task id="t"><bpmn:extensionElements><zeebe:a><bpmn:userTask id="a"/></zeebe:a></bpmn:extensionElements></bpmn:task>',
        '<bpmn:extensionElements><bpmn:extensionElements/><bpmn:userTask id="a"/></bpmn:extensionElements>',
    ],
)
def test_other_elements_are_no_user_tasks(inside: str) -> None:
    """In another namespace, a comment or an extension, or without an id. The next user task is found."""
    assert ["b"] == ids(f'{inside}<bpmn:userTask id="b"/>')


def test_the_prefix_of_the_namespace_does_not_matter() -> None:
    """Documents of other modelers have BPMN as their default namespace."""
    plain = f'<definitions xmlns="{NAMESPACE}"><process id="invoice"><userTask id="a"/></process></definitions>'

    assert [UserTask(element_id="a", name="a")] == user_tasks(plain.encode(), "invoice")


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "rot13", "idna", "no-such-thing"])
def test_a_document_is_read_as_utf_8(encoding: str) -> None:
    """The server sends UTF-8, also if the document declares another encoding."""
    made = document('<bpmn:userTask id="a" name="Prüfen"/>', prolog=f'<?xml version="1.0" encoding="{encoding}"?>')

    assert ["Prüfen"] == [each.name for each in user_tasks(made, "invoice")]


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    "prolog",
    [
        BOMB,
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "http://x.test/">]>',
        "<!DOCTYPE a>",
    ],
)
def test_a_document_type_is_refused(prolog: str) -> None:
    """It could define entities without bounds, or entities from other addresses."""
    with pytest.raises(MalformedResponseError, match="'invoice' has a document type"):
        user_tasks(document('<bpmn:userTask id="a" name="&c;"/>', prolog=prolog), "invoice")


@pytest.mark.parametrize(
    "made",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a b='&unknown;'/>",
        b"<a b='1' b='2'/>",
        b"<a>\x00</a>",
        b"<p:a/>",
        b"<a>" * 100_000,
        document("<bpmn:userTask id='a' name='\xff'/>").replace("\xff".encode(), b"\xff"),
        document("<bpmn:userTask id='a'/>")[:-1],
    ],
)
def test_a_document_that_is_no_xml_is_malformed(made: bytes) -> None:
    """The message names the process."""
    with pytest.raises(MalformedResponseError, match="'invoice' is not readable as XML"):
        user_tasks(made, "invoice")


@pytest.mark.parametrize("made", [b"<html/>", document("").replace(b'"invoice"', b'"renamed"')])
def test_a_document_without_its_process_is_malformed(made: bytes) -> None:
    """It is not read as a process without user tasks."""
    with pytest.raises(MalformedResponseError, match="'invoice' does not contain it"):
        user_tasks(made, "invoice")


def test_depth_and_size_do_no_harm() -> None:
    """A hundred thousand nested elements; twenty thousand user tasks."""
    deep = "<bpmn:subProcess>" * 100_000 + '<bpmn:userTask id="a"/>' + "</bpmn:subProcess>" * 100_000
    many = "".join(f'<bpmn:userTask id="t{number}"/>' for number in range(20_000))

    assert ["a"] == ids(deep)
    assert 20_000 == len(ids(many))


@given(st.dictionaries(ID, NAME, max_size=5))
def test_ids_and_names_are_read_as_written(names: dict[str, str]) -> None:
    """Any name, in the order of the document."""
    inside = "".join(f"<bpmn:userTask id={quoteattr(id)} name={quoteattr(name)}/>" for id, name in names.items())

    assert list(names.items()) == [(each.element_id, each.name) for each in user_tasks(document(inside), "invoice")]


@given(st.binary(max_size=60))
def test_any_other_bytes_are_malformed(made: bytes) -> None:
    """There is no other exception."""
    with pytest.raises(MalformedResponseError):
        user_tasks(made, "invoice")
