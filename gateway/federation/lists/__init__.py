"""Lists over all sources, merged into one order and paged by cursors.

task_list         one page of tasks, or all of them
flow_list         pages of flows
definition_list   pages of task definitions
people_list       pages of people, groups and members
stats             counts of tasks by what they have in common
tally             what that is, and what is counted, in one look at each task

named_people      the people whom a filter names
inbox_tests       whether a task is in a person's list, for subscribers
planner           what each source is asked for a list of tasks
vendor_query      the filter within the rule of visibility, as a query for a vendor
filter_compiler   filters as a pushed query and an exact test
query_logic       conjunction, generalisation and contradiction of queries
sort_order        orders of rows, and the null partitions that a vendor can sort
list_reader       a source's pages and full scans through the cache
full_scan         a list read page by page to its end
directory_scan    a source's whole directory, for the book of people
begun_scans       full scans that ran out of time, which go on where they stopped
stream            what the merge takes rows from
row_stream        paged and scanned streams of one source's rows
ranks             ranks of rows, and which rows a question wants, kept with the answer that they came in
row_work          work on rows in stretches, between which other requests are served
count             how many rows a source has, exactly or at least
disjuncts         what the vendor tells of overlapping parts of a list
merge             all streams in one order
page              the merged page with cursors and reports
cursor            cursors on the wire, and fingerprints of lists
position          where a page ended: a position per stream
source_report     what one source contributed
told_calls        which of its calls a person is told of
visible_flows     which of several flows a caller sees
odd_rows          rows that do not fit the vendor's documentation, and whose they may be
"""

from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.definition_list import DefinitionLists
from gateway.federation.lists.directory_scan import DirectoryScan
from gateway.federation.lists.flow_list import FlowLists
from gateway.federation.lists.full_scan import full_scan
from gateway.federation.lists.inbox_tests import Admit, InboxTests, depends_on_now, is_of_open_tasks
from gateway.federation.lists.list_reader import scan_page
from gateway.federation.lists.odd_rows import presentable
from gateway.federation.lists.people_list import PeopleLists
from gateway.federation.lists.stats import Stats
from gateway.federation.lists.task_list import TaskLists
from gateway.federation.lists.visible_flows import visible_flows

__all__ = [
    "Admit",
    "CursorCodec",
    "DefinitionLists",
    "DirectoryScan",
    "FlowLists",
    "InboxTests",
    "PeopleLists",
    "Stats",
    "TaskLists",
    "depends_on_now",
    "full_scan",
    "is_of_open_tasks",
    "presentable",
    "scan_page",
    "visible_flows",
]
