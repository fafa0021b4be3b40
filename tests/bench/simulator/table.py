"""The figures of a campaign: a row a kind of fault, the totals against their aims, and every miss with its seed."""

import collections
import statistics

# (aim of the issue, threshold of the guard in ctest): shares of the faults, except false incidents in 1,000 device-hours.
AIMS = {"one incident": (0.99, 0.93), "category": (0.99, 0.93), "place": (0.98, 0.93), "told": (1.00, 0.93),
        "in time": (0.99, 0.75), "false": (0.0, 15.0)}


def _share(results, holds):
    return sum(map(holds, results)) / len(results) if results else 1.0


COLUMNS = (
    ("one", lambda result: result.incidents == 1), ("category", lambda result: result.category),
    ("shown", lambda result: result.category or result.shown), ("place", lambda result: result.place),
    ("told", lambda result: result.told), ("cause", lambda result: result.cause),
    ("part", lambda result: result.component), ("severity", lambda result: result.severity),
    ("restored", lambda result: result.restored), ("in time", lambda result: result.in_time))


def _row(name, results):
    times = sorted(result.seconds for result in results if result.seconds is not None)
    seconds = f"{statistics.median(times):6.1f} {times[int(len(times) * 0.95)]:6.1f} {times[-1]:6.1f}" if times else "     -" * 3
    shares = " ".join(f"{100 * _share(results, holds):8.1f}" for _, holds in COLUMNS)
    pages = sum(result.pages for result in results) / len(results)
    return f"{name:20} {len(results):5} {shares} {pages:6.2f} {seconds}"


def report(outcomes, aims):
    failed = [outcome for outcome in outcomes if isinstance(outcome, str)]
    played = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    results = [result for outcome in played for result in outcome[0]]
    false = [result for outcome in played for result in outcome[1]]
    hours = sum(outcome[2] for outcome in played)
    about = {int(outcome[3].split()[1].rstrip(":")): outcome[3].partition(": ")[2] for outcome in played}
    print(f"{'fault':20} {'cases':>5} " + " ".join(f"{name:>8}" for name, _ in COLUMNS)
          + f" {'pages':>6} {'median':>6} {'95 %':>6} {'worst':>6}")
    kinds = collections.defaultdict(list)
    for result in results:
        kinds[result.kind].append(result)
    for kind in sorted(kinds):
        print(_row(kind, kinds[kind]))
    if results:
        print(_row("all", results))
    figures = {"one incident": _share(results, COLUMNS[0][1]), "category": _share(results, COLUMNS[1][1]),
               "place": _share(results, COLUMNS[3][1]), "told": _share(results, COLUMNS[4][1]),
               "in time": _share(results, lambda result: result.in_time),
               "false": 1000 * len(false) / hours if hours else 0.0}
    print(f"\nfalse incidents: {len(false)} in {hours:.0f} device-hours")
    print(f"everything right at once: {100 * _share(results, lambda result: result.right):.1f} %")
    under = []
    for name, (aim, guard) in AIMS.items():
        figure = figures[name]
        ratio = f"{figure / aim:.3f}" if aim else "-"
        print(f"  {name:14} {figure:8.3f}   aim {aim:6.2f}   ratio {ratio}")
        limit = guard if aims == "guard" else aim
        if figure > limit if name == "false" else figure < limit:
            under.append(name)
    _misses(results, false, about)
    for error in failed:
        print(f"ERROR {error}")
    if aims and (under or failed):
        print(f"under the aim: {', '.join(under) or 'cases that could not be played'}")
        return 1
    return 0


def _misses(results, false, about):
    print("\nmisses")
    for result in results:
        wrong = [name for name, holds in COLUMNS if name != "shown" and not holds(result)]
        if result.incidents != 1:
            wrong[0] = f"{result.incidents} incidents"
        if wrong:
            took = "never" if result.seconds is None else f"{result.seconds:.1f} of {result.allowed:.0f} s"
            print(f"  seed {result.seed} ({about[result.seed]}) {result.kind}: {', '.join(wrong)} [{took}] {result.note}")
    for result in false:
        print(f"  seed {result.seed} ({about[result.seed]}) FALSE {result.note}")
