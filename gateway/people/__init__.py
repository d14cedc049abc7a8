"""Who the people are, and which accounts of the sources are theirs.

port          `People`: what the rest of the gateway knows about people; `SignedIn`: what a token says
opening       opens the book; only the composition names it
live          the book that counts now, also after a reload
book          `BookOfPeople`: one entry a person, joined to accounts
entry         one person, from the configuration and the token
kept_people   what tokens told, beyond the end of the process
claims        values of the claims of a token
linked_identities  the identities of one person, as the book knows them
wish          which account the rules of a source find for one person
directories   the directories of the sources, kept up to date
directory     the accounts of one source, found by id, address, user name and words
name_index    people or accounts by words
"""

from gateway.people.entry import Person
from gateway.people.port import DirectoryRecord, KeptAccounts, People, PeopleStore, ReadDirectory, SignedIn
from gateway.people.wish import SourceRules

__all__ = [
    "DirectoryRecord",
    "KeptAccounts",
    "People",
    "PeopleStore",
    "Person",
    "ReadDirectory",
    "SignedIn",
    "SourceRules",
]
