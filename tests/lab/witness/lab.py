# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs kinds and random scripts in worker processes, compares, counts, reports."""
import asyncio
import collections
import copy
import gc
import itertools
import json
import multiprocessing
import pathlib
import tempfile
import time
import traceback

from . import compare, kernel, minimise, moments, net, scripts, world

BATCH = 250  # random connections that live at the same time in one world


class Tally:
    """Counts verdicts by view and by rule; keeps the disagreements' texts."""

    def __init__(self):
        self.views = collections.defaultdict(collections.Counter)
        self.disagreements, self.failures, self.notes, self.links = [], [], [], 0
        self.moments, self.late = collections.Counter(), []  # see moments.py

    def add(self, verdicts):
        for v in verdicts:
            self.views[v.view.name]["agree" if v.rule == "" else v.rule or "DISAGREE"] += 1

    def merge(self, other):
        for name, counter in other.views.items():
            self.views[name] += counter
        self.disagreements += other.disagreements
        self.failures += other.failures
        self.notes += other.notes
        self.moments += other.moments
        self.late += other.late
        self.links += other.links

    def report(self, title, seconds, tolerated=0.0):
        print(f"{title}: {self.links} connections in {seconds:.0f} s")
        good = not self.failures
        for name in (view.name for view in compare.VIEWS):
            counter = self.views[name]
            total = sum(counter.values())
            if not total:
                continue
            bad = counter["DISAGREE"]
            good &= 100 * bad <= tolerated * total
            same = counter["agree"]
            ruled = {rule: n for rule, n in sorted(counter.items())
                     if rule not in ("agree", "DISAGREE")}
            print(f"  {name:18} {total:7} endpoint histories: {same} equal "
                  f"({100 * same / total:.2f} %), {sum(ruled.values())} by rule, {bad} disagree")
            for rule, n in ruled.items():
                print(f"    {n:7} {rule}")
        print(f"  transitions at the right frame, seen at their endpoint: {self.moments['right']} of "
              f"{self.moments.total()}")
        for text in self.late[:10]:
            print("    " + text)
        for text in self.failures[:40]:
            print("  FAILED " + text)
        for text in self.notes:
            print("  " + text)
        return good


def _judge(links, options, tally, folder, script_of):
    """Writes each view of these links as one capture, asks lifeline, compares."""
    bad = collections.defaultdict(list)
    for view in compare.VIEWS:
        path = folder / f"{view.name}.pcap"
        shown = compare.write_view(path, links, view)
        if not shown:
            continue
        found = compare.connections(options.program, path)
        told, wrong = moments.replay(compare.records_of(options.program, "timeline", path))
        wrong += moments.against_records(told, found)
        tally.failures += [f"{links[0].name}... [{view.name}] events: {text}" for text in wrong]
        for link in links:
            count, late = moments.against_kernel(
                link, view, found.get(frozenset(link.text.values()), []), shown, told)
            tally.moments += count
            tally.late += late
            verdicts = compare.judge(link, view, found, shown)
            tally.add(verdicts)
            if options.verbose:
                for one in verdicts:
                    print(one)
            bad[link] += [v for v in verdicts if v.rule is None]
    bad = {link: verdicts for link, verdicts in bad.items() if verdicts}
    for link, verdicts in bad.items():
        if script_of:
            compare.save(options.keep, link, script_of(link), verdicts)
        tally.disagreements.append((link.name, [str(v) for v in verdicts]))
    tally.links += len(links)
    return bad


# ---- kinds ---------------------------------------------------------------------------------------


async def _live_kinds(tracepoint, chosen):
    """All of them at once, in one world for each set of system settings."""
    groups, out = collections.defaultdict(list), []
    for one in chosen:
        groups[tuple(sorted(one.sysctl.items()))].append(one)

    async def live(hosts, one):
        link = hosts.link(one.version, faults=one.faults(), name=one.name)
        failure = None
        try:
            await asyncio.wait_for(one.run(link), 90)
        except Exception:
            failure = f"{one.name}: {traceback.format_exc(limit=-3)}"
        unused = [repr(f) for f in link.faults if not f.applied]
        if not failure and unused:
            failure = f"{one.name}: no frame met the fault: {', '.join(unused)}"
        out.append(([link] + link.siblings, failure))

    worlds = []
    async with _Worlds(worlds):
        tasks = []
        for settings, members in groups.items():
            hosts = world.World(tracepoint, network=world.fresh_network())
            worlds.append(hosts)
            for name, value in settings:
                hosts.sysctl(name, value)
            hosts.box.start()
            tasks += [live(hosts, one) for one in members]
        await asyncio.gather(*tasks)
    return out


class _Worlds:
    """Stops and closes every world of a list, whatever happens."""

    def __init__(self, worlds):
        self.worlds = worlds

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        for one in self.worlds:
            one.box.stop()
            one.close()


def run_kinds(chosen, options, retries=0):
    """retries: how often a kind that disagrees may live again. Timers are real: on a loaded machine
    a retransmission can come where none was meant; what is wrong in the model disagrees each time."""
    started = time.time()
    tally = Tally()
    context = multiprocessing.get_context("fork")
    parent, child = context.Pipe(False)

    def work():
        net.private_mounts()
        tracepoint = kernel.Tracepoint()
        try:
            lived = asyncio.run(_live_kinds(tracepoint, chosen))
            with tempfile.TemporaryDirectory(prefix="lifeline-lab-") as folder:
                for links, failure in lived:
                    if failure:
                        tally.failures.append(failure)
                    _judge(links, options, tally, pathlib.Path(folder), lambda link: link.name)
        except Exception:
            tally.failures.append(traceback.format_exc())
        finally:
            tracepoint.close()
        child.send(tally)

    _run_workers(context, [(work, parent)], tally)
    for name, texts in tally.disagreements:
        print(f"DISAGREE {name}")
        for text in texts:
            print("  " + text.replace("\n", "\n  "))
    good = tally.report(f"{len(chosen)} kinds", time.time() - started)
    if good or not retries:
        return good
    names = {name for name, _ in tally.disagreements}
    again = chosen if tally.failures else [k for k in chosen if k.name in names]
    print(f"{len(again)} kinds live again")
    return run_kinds(again, options, retries - 1)


def _run_workers(context, workers, tally):
    """Forks each worker (they mount and unshare for themselves) and adds up what they send."""
    processes = []
    for work, _ in workers:
        process = context.Process(target=work)
        process.start()
        processes.append(process)
    for process, (_, pipe) in zip(processes, workers):
        one = Tally()
        while process.is_alive() and not pipe.poll(0.2):
            pass
        if pipe.poll(0.5):
            one = pipe.recv()
        else:
            one.failures.append("a worker died")
        tally.merge(one)
        process.join()


# ---- random --------------------------------------------------------------------------------------


async def _live_scripts(hosts, batch):
    """batch: scripts with the same settings."""
    links = {}
    for name, value in scripts.settings_of(batch[0]["seed"]).items():
        hosts.sysctl(name, value)

    async def live(script):
        link = hosts.link(script["version"], faults=scripts.faults_of(script),
                          name=f"seed-{script['seed']}")
        links[link] = script
        await scripts.Player(link, script).play()

    done = await asyncio.gather(*(live(one) for one in batch), return_exceptions=True)
    failures = [f"seed {script['seed']}: {error!r}" for script, error in zip(batch, done) if error]
    return links, failures


def _batches(seeds):
    """Seeds that live together: of the same settings, in turns."""
    groups = collections.defaultdict(list)
    for seed in seeds:
        groups[tuple(scripts.settings_of(seed).items())].append(seed)
    cut = [[group[at:at + BATCH] for at in range(0, len(group), BATCH)]
           for group in groups.values()]
    return [batch for turn in itertools.zip_longest(*cut) for batch in turn if batch]


async def _random_worker(options, seeds, tally):
    tracepoint = kernel.Tracepoint()
    try:
        hosts = world.World(tracepoint, network=world.fresh_network())
        for name, value in scripts.SYSCTL.items():
            hosts.sysctl(name, value)
        async with hosts.running():
            with tempfile.TemporaryDirectory(prefix="lifeline-lab-") as folder:
                batches = _batches(seeds)
                for n, chosen in enumerate(batches):
                    if options.deadline and time.time() > options.deadline:
                        tally.notes.append(f"the time is over: {sum(map(len, batches[n:]))} random "
                                           "connections did not live")
                        break
                    batch = [scripts.generate(seed, options.injections)
                             for seed in chosen]
                    links, failures = await _live_scripts(hosts, batch)
                    tally.failures += failures
                    _judge(list(links), options, tally, pathlib.Path(folder), links.get)
                    for link in links:
                        hosts.forget(link)
                    links.clear()
                    gc.collect()
        hosts.close()
        bad = [int(name.removeprefix("seed-")) for name, _ in tally.disagreements]
        if options.minimise and bad:
            tracepoint.close()
            await _minimise_worker(options, bad[:10], tally)
            return
    finally:
        if not tracepoint.closed:
            tracepoint.close()


async def _minimise_worker(options, seeds, tally):
    """Cuts down the scripts of these seeds; the result is saved beside the disagreement."""
    tracepoint = kernel.Tracepoint()
    try:
        hosts = world.World(tracepoint, network=world.fresh_network())
        for name, value in scripts.SYSCTL.items():
            hosts.sysctl(name, value)
        quiet = copy.copy(options)
        quiet.verbose = False
        async with hosts.running():
            with tempfile.TemporaryDirectory(prefix="lifeline-lab-") as folder:
                async def disagreeing(batch):
                    links, _ = await _live_scripts(hosts, batch)
                    bad = _judge(list(links), quiet, Tally(), pathlib.Path(folder), None)
                    for link in links:
                        hosts.forget(link)
                    return [links[link] for link in bad]

                for seed in seeds:
                    script = scripts.generate(seed, options.injections)
                    least = await minimise.minimise(script, disagreeing)
                    links, _ = await _live_scripts(hosts, [least] * 6)
                    bad = _judge(list(links), quiet, Tally(), pathlib.Path(folder), None)
                    for link, verdicts in list(bad.items())[:1]:
                        link.name = f"seed-{seed}-least"
                        compare.save(options.keep, link, least, verdicts)
                    tally.notes.append(f"seed {seed}, cut down: {json.dumps(least)}")
        hosts.close()
    finally:
        tracepoint.close()


def run_random(count, options):
    started = time.time()
    tally = Tally()
    context = multiprocessing.get_context("fork")
    seeds = range(options.seed, options.seed + count)
    workers = []
    for number in range(options.jobs):
        parent, child = context.Pipe(False)

        def work(number=number, child=child):
            mine = Tally()
            try:
                net.private_mounts()
                asyncio.run(_random_worker(options, seeds[number::options.jobs], mine))
            except Exception:
                mine.failures.append(traceback.format_exc())
            child.send(mine)

        workers.append((work, parent))
    _run_workers(context, workers, tally)
    for name, texts in tally.disagreements[:20]:
        print(f"DISAGREE {name}")
        for text in texts:
            print("  " + text.replace("\n", "\n  "))
    if len(tally.disagreements) > 20:
        print(f"... and {len(tally.disagreements) - 20} more, in {options.keep}/")
    return tally.report(f"random, seeds {seeds[0]} to {seeds[-1]}", time.time() - started,
                        options.tolerate)
