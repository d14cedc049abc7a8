"""Users and groups of the sample company."""

import msgspec

from sandbox import people

TIME_ZONE = "Europe/Madrid"

ACCOUNTING = "293847102938471011"
SALES = "293847102938471029"
FIELD_NORTH = "293847102938471047"
FIELD_SOUTH = "293847102938471058"
METERING = "293847102938471066"


class User(msgspec.Struct, frozen=True):
    """`login` is the short name in `completed_by` of finished steps."""

    id: str
    name: str
    login: str
    groups: tuple[str, ...] = ()


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
