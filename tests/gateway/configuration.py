"""A configuration file for tests: three people and two sources that are never called. A test can replace parts by name."""

from pathlib import Path

GATEWAY = """
[gateway]
secret = "cursor-secret-of-tests"
"""
AUTH = """
[auth]
mode = "demo"
"""
PEOPLE = """
[[people]]
key = "alice"
name = "Alice Moreno"
email = "alice@example.com"
groups = ["accounting"]
[people.identities.camunda]
id = "alice"
[people.identities.field]
id = "17"
username = "amoreno"
groups = ["3"]

[[people]]
key = "bob"
name = "Bob Keller"
[people.identities.camunda]
id = "bob"

[[people]]
key = "carol"
name = "Carol Singh"
roles = ["task_admin"]
"""
SOURCES = """
[[sources]]
key = "camunda"
name = "Camunda 8"
vendor = "camunda"
base_url = "http://127.0.0.1:9"
credentials = { kind = "basic", username = "gateway", password = "pass-never-told" }

[[sources]]
key = "field"
name = "GEOtareas"
vendor = "geotareas"
base_url = "http://127.0.0.1:9"
time_zone = "Europe/Madrid"
credentials = { email = "a@example.com", password = "pass-never-told", api_key = "gtk_x", tenant = "acme" }
"""


def write_configuration(
    folder: Path, *, gateway: str = GATEWAY, auth: str = AUTH, people: str = PEOPLE, sources: str = SOURCES
) -> Path:
    path = folder / "taskgate.toml"
    path.write_text(gateway + auth + people + sources, encoding="utf-8")
    return path
