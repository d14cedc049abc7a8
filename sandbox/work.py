"""Names, amounts and dates from which the stand-ins make plausible tasks."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

COMPANIES = (
    "Acme Corp", "Baltic Timber", "Casa Verde Foods", "Delta Freight", "Eastport Medical", "Fjord Energy", "Granite Insurance",
    "Harbour Hotels", "Iberia Solar", "Juniper Textiles", "Kestrel Aviation", "Lumen Optics", "Meridian Bank", "Northwind Traders",
    "Orchard Software", "Pinnacle Builders", "Quayside Seafood", "Riverton Glass", "Sable Motors", "Tern Logistics",
)  # fmt: skip

CUSTOMERS = (
    "Amara Diallo", "Benedikt Huber", "Chiara Conti", "Daniel Novak", "Esther Cohen", "Felix Brandt", "Gabriela Souza", "Hiroshi Tanaka",
    "Isla MacLeod", "Jakub Zielinski", "Karin Lindqvist", "Lucas Martin", "Maya Patel", "Nuria Vidal", "Omar Farouk", "Petra Horvat",
)  # fmt: skip

GOODS = (
    "laptops",
    "office chairs",
    "forklift tyres",
    "server racks",
    "safety helmets",
    "packaging film",
    "lab reagents",
    "LED panels",
)
DAMAGES = (
    "water damage",
    "storm damage",
    "a rear-end collision",
    "theft of equipment",
    "a broken window",
    "a kitchen fire",
)
CONTRACTS = ("framework agreement", "lease contract", "supply contract", "licence agreement", "service contract")
COUNTRIES = ("DE", "ES", "FR", "IT", "NL", "PL", "PT", "SE")
CHANNELS = ("email", "portal", "phone", "scan")


@dataclass(frozen=True, slots=True)
class Case:
    """The subject of one task or process instance."""

    number: int
    company: str
    customer: str
    amount_cents: int
    goods: str
    damage: str
    contract: str
    country: str
    channel: str

    @property
    def amount(self) -> str:
        return f"{self.amount_cents / 100:,.2f} EUR"


def case(rng: random.Random, number: int) -> Case:
    return Case(
        number,
        rng.choice(COMPANIES),
        rng.choice(CUSTOMERS),
        rng.randrange(4_000, 4_800_000),
        rng.choice(GOODS),
        rng.choice(DAMAGES),
        rng.choice(CONTRACTS),
        rng.choice(COUNTRIES),
        rng.choice(CHANNELS),
    )


def created_at(rng: random.Random, now: datetime) -> datetime:
    """Return a time within the last three weeks, at least ten minutes ago."""
    return now - timedelta(minutes=rng.randrange(10, 21 * 24 * 60), milliseconds=rng.randrange(60_000))


def due_at(rng: random.Random, now: datetime) -> datetime | None:
    """Return a due date in whole minutes: overdue, today, this week, next month or none, about a fifth each."""
    minutes = rng.choice(
        (
            lambda: -rng.randrange(30, 9 * 24 * 60),
            lambda: rng.randrange(30, 10 * 60),
            lambda: rng.randrange(24 * 60, 6 * 24 * 60),
            lambda: rng.randrange(20 * 24 * 60, 40 * 24 * 60),
            lambda: None,
        )
    )()
    return None if minutes is None else (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
