"""The GraphQL schema and what runs it: one room a noun, over the port that the gateway implements.

Layers, each knows those below it (tested):

api.py      Query, Mutation and Subscription, mounted from the nouns; the schema as object and as text
node.py     `node`, `nodes`: anything by its global id
compiled/   lists completed by generated code, from records
operation/  writes as the journal has them
task/       tasks, lists of tasks, counts, the viewer's inbox, writes to tasks
flow/       flows and writes to flows
people/     users and groups
source/     configured sources, and the report of each on a list
execution/  GraphQL documents measured and validated, operations run
core/       what all nouns share: context, ids, pages, enums, errors
ports/      the port Federation and its values: no GraphQL in them

A GraphQL type has the name of the record that it shows. Files that use both import the record's module:
`model.Task`, `ports.Operation`. A noun that leads to one above it names that type by `strawberry.lazy` and makes
its value by `schema.core.presenters.present`.
"""
