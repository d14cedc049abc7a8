"""Lists completed by generated code, which reads the records of rows and not the objects that show them.

executor.py  CompiledExecutor: where graphql-core completes a list, and when the ordinary way is taken
plans.py  generated functions by operation, response path and the variables that decide about fields; bounded
compiler.py  writes the function of a list
shapes.py  how each field of a row is read from its record
directory.py  accounts and groups that the rows name, loaded once for a list
leaves.py  scalars and enums as they are written in answers

docs/speed.md explains the room. Anything that the code here does not know is answered by graphql-core, for that list alone.
"""

from schema.compiled.executor import CompiledExecutor
from schema.compiled.plans import Counts, Plans

__all__ = ["CompiledExecutor", "Counts", "Plans"]
