"""A stand-in for epilot: flows, workflows, users and queries of one organisation.

- `stand_in`: the application that the sandbox serves
- `routes`: the operation of each method and path
- `auth`: tokens and the grants of their owners
- `requests`: one request and the bodies that the vendor describes
- `operations`: what each operation reads or changes
- `answers`: replies, and the detour of large answers
- `errors`: the vendor's errors
- `records`: flows and workflows
- `definitions`: what they are created from
- `directory`: users and groups of the organisation
- `engine`: how flows change
- `store`: all records, and the rows that the query services see
- `search`: rows, filters and sorting of the query services
- `sample`: fresh data; the scenario "operations" is one of them
"""

from sandbox.epilot.auth import READER_ID, SERVICE_ID, access_token, user_token
from sandbox.epilot.stand_in import EpilotStandIn

STAND_IN = EpilotStandIn

__all__ = ["READER_ID", "SERVICE_ID", "STAND_IN", "EpilotStandIn", "access_token", "user_token"]
