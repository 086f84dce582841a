"""Solves a written-out plan with OR-tools' minimum-cost flow: prints seconds, the most memory in MB, and what the plan is worth."""

import resource
import sys
import time

import numpy
from ortools.graph.python import min_cost_flow

with open(sys.argv[1], "rb") as file:
    nodes, customers, arcs = numpy.fromfile(file, dtype="<i8", count=3)
    tails = numpy.fromfile(file, dtype="<i4", count=arcs)
    heads = numpy.fromfile(file, dtype="<i4", count=arcs)
    capacities = numpy.fromfile(file, dtype="<i8", count=arcs)
    costs = numpy.fromfile(file, dtype="<i8", count=arcs)

flow = min_cost_flow.SimpleMinCostFlow()
flow.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, costs)
supplies = numpy.zeros(nodes, dtype="<i8")
supplies[nodes - customers :] = 1
supplies[0] = -customers
flow.set_nodes_supplies(numpy.arange(nodes, dtype="<i4"), supplies)
del tails, heads, capacities, costs

begun = time.perf_counter()
status = flow.solve()
seconds = time.perf_counter() - begun
if status != flow.OPTIMAL:
    sys.exit(f"no optimum: {status}")
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, -flow.optimal_cost())
