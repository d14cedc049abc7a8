"""Users, groups and login accounts of the sample company."""

from typing import Literal

import msgspec

from sandbox import people

TENANT = "demo.geotareas.example"
API_KEY = "gtk_demo_4f8a1c7e92b05d36"
TIME_ZONE = "Europe/Madrid"

Permission = Literal["APICLI_WORKFLOW_READ", "APICLI_WORKFLOW_EXECUTE"]

ACCOUNTING = "293847102938471011"
SALES = "293847102938471029"
FIELD_NORTH = "293847102938471047"
FIELD_SOUTH = "293847102938471058"
METERING = "293847102938471066"


class User(msgspec.Struct, frozen=True):
    """One user; `login` is the short name under which earlier steps say who completed them."""

    id: str
    name: str
    login: str
    groups: tuple[str, ...] = ()


class Account(msgspec.Struct, frozen=True):
    """Who may log in, and which permissions the tokens then carry."""

    email: str
    password: str
    user: User
    permissions: frozenset[Permission]


GROUPS = {
    ACCOUNTING: "Accounting",
    SALES: "Sales Team",
    FIELD_NORTH: "Field Service North",
    FIELD_SOUTH: "Field Service South",
    METERING: "Metering",
}

ALICE = User("182736450918273601", people.ALICE.name, people.ALICE.key, (ACCOUNTING,))
BOB = User("182736450918273602", people.BOB.name, people.BOB.key, (ACCOUNTING,))
CAROL = User("182736450918273603", people.CAROL.name, people.CAROL.key, (SALES,))
MARIA = User("182736450918273645", "Maria Garcia", "mgarcia", (FIELD_NORTH,))
JAVIER = User("182736450918273652", "Javier Diaz", "jdiaz", (FIELD_SOUTH,))
NURIA = User("182736450918273660", "Nuria Costa", "ncosta", (METERING, FIELD_SOUTH))
INTEGRATION = User("182736450918273690", "Integration", "integration")
AUDITOR = User("182736450918273691", "Auditor", "auditor")
TERMINAL = User("182736450918273692", "Terminal", "terminal")

USERS = {user.id: user for user in (ALICE, BOB, CAROL, MARIA, JAVIER, NURIA, INTEGRATION, AUDITOR, TERMINAL)}

# A service account for programs, one that may only read and one that may only write: the vendor's 403 needs somebody
# who gets it.
SERVICE = Account(
    "integration@demo.geotareas.example",
    "geotareas-demo-password",
    INTEGRATION,
    frozenset({"APICLI_WORKFLOW_READ", "APICLI_WORKFLOW_EXECUTE"}),
)
READER = Account(
    "auditor@demo.geotareas.example",
    "geotareas-reader-password",
    AUDITOR,
    frozenset({"APICLI_WORKFLOW_READ"}),
)
WRITER = Account(
    "terminal@demo.geotareas.example",
    "geotareas-writer-password",
    TERMINAL,
    frozenset({"APICLI_WORKFLOW_EXECUTE"}),
)
ACCOUNTS = {account.email: account for account in (SERVICE, READER, WRITER)}
