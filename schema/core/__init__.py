"""What all nouns share. No front door: import the files.

context.py     Context: caller, time and loaders of one request
loader.py      Loader: batches what rows refer to
tasks.py       tasks as records, for the nouns that lead to tasks
presenters.py  present(): a record as a GraphQL type of a noun above
relay.py       global ids, the interface Node
rows.py        Rows: the objects of a list, made when they are looked at
pagination.py  the four page arguments, Connection and Edge, pages of lists held in memory
arguments.py   ids and other arguments as values
filters.py     filter inputs of more than one list
payload.py     what all writes take and answer
errors.py      UserError, and what a client sees of an exception
enums.py       every enum of the schema, described
subject.py     SubjectRef, NativeRecord: what both tasks and flows have
scalars.py     DateTime, JSON
resolver.py    the decorator of computed fields
federation_version.py  versions of Apollo Federation that the SDL may be for
limits.py      DocumentLimits: the section `[gateway.limits]`
"""
