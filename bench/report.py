"""Tables of what was measured, for the terminal and for docs/benchmarks.md."""

import datetime
import os
import pathlib
import statistics
import subprocess

import measure
from servers import ROOT

DOCUMENT = ROOT / "docs/benchmarks.md"


def table(head, rows):
    """Markdown that is also readable as text: columns are padded."""
    lines = [head, *rows]
    widths = [max(len(str(line[i])) for line in lines) for i in range(len(head))]

    def put(line):
        return "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(line, widths)) + " |"

    return "\n".join([put(head), put(["-" * width for width in widths]), *map(put, rows)])


def median(runs, *path):
    def value(run):
        for name in path:
            run = run[name]
        return run

    return statistics.median(value(run) for run in runs)


def number(value):
    if value is None:
        return "n/a"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def ratio(ours, theirs):
    return f"{ours / theirs:.2f}" if theirs else "n/a"


def throughput_table(results):
    """results: Cell to kind to runs. With both servers there are columns of ratios."""
    kinds = list(next(iter(results.values())))
    both = "tabella" in kinds and "dovecot" in kinds
    head = ["load"]
    for kind in kinds:
        head += [f"{kind} /s", "p50 ms", "p99 ms", "CPU µs"]
    head += ["rate ×", "CPU ×"] if both else []
    rows = []
    for cell, runs in results.items():
        row = [str(cell)]
        for kind in kinds:
            row += [
                number(median(runs[kind], "per_second")),
                number(median(runs[kind], "latency_ms", "p50")),
                number(median(runs[kind], "latency_ms", "p99")),
                number(median(runs[kind], "cpu_us")),
            ]
        if both:
            row.append(ratio(median(runs["tabella"], "per_second"), median(runs["dovecot"], "per_second")))
            row.append(ratio(median(runs["tabella"], "cpu_us"), median(runs["dovecot"], "cpu_us")))
        rows.append(row)
    return table(head, rows)


def storage_table(results):
    """Bytes on disk for each byte delivered, and what the server itself counted."""
    rows = []
    for cell, by_kind in results.items():
        for kind, runs in by_kind.items():
            counters = runs[-1]["counters"]
            rows.append(
                [
                    str(cell),
                    kind,
                    number(median(runs, "bytes") / 1e6),
                    number(median(runs, "stored_bytes") / 1e6),
                    number(statistics.median(run["stored_bytes"] / run["bytes"] for run in runs)),
                    number(counters.get("statements")),
                    number(counters.get("commits")),
                    f"{sum(run['deliveries'] for run in runs)} read back" if all_there(runs) else "NOT all there",
                ]
            )
    head = ["load", "server", "MB delivered", "MB on disk", "disk / delivered", "statements", "commits", "check"]
    return table(head, rows)


def all_there(runs):
    return all(run["readback_good"] for run in runs)


def flush_table(results):
    """results: Cell to kind to calls a message (or None)."""
    rows = []
    for cell, by_kind in results.items():
        for kind, calls in by_kind.items():
            names = ", ".join(f"{name} {each:.2f}" for name, each in sorted((calls or {}).items()))
            rows.append([str(cell), kind, number(sum(calls.values())) if calls is not None else "n/a", names])
    return table(["load", "server", "flushes a message", "calls"], rows)


def memory_table(results):
    """results: kind to {"idle": bytes, deliveries: bytes}."""
    steps = list(next(iter(results.values())))
    head = ["server", *(step if step == "idle" else f"after {step:,}" for step in steps)]
    rows = [[kind, *(f"{found[step] / 2**20:.1f} MB" for step in steps)] for kind, found in results.items()]
    return table(head, rows)


def big_table(results, messages):
    """results: kind to the answer of Bench.big_mailbox."""
    rows = []
    for kind, runs in results.items():
        blocks = [block["per_second"] for block in runs["fill"]["blocks"]]
        for name in ("empty", "full"):
            rows.append(
                [
                    kind,
                    "empty" if name == "empty" else f"{messages:,} messages",
                    number(median(runs[name], "per_second")),
                    number(median(runs[name], "latency_ms", "p50")),
                    number(median(runs[name], "latency_ms", "p99")),
                    number(median(runs[name], "cpu_us")),
                    f"{number(blocks[0])} → {number(blocks[-1])}" if name == "full" else "",
                ]
            )
    return table(["server", "mailbox", "/s", "p50 ms", "p99 ms", "CPU µs", "filling /s, first → last tenth"], rows)


def imap_tables(results):
    """results: messages to row to kind to (seconds, CPU seconds). Ratios: ours to each other's, over 1 is slower."""
    return "\n\n".join(f"{count:,} messages\n\n{imap_table(rows)}" for count, rows in results.items())


def imap_table(rows):
    kinds = list(next(iter(rows.values())))
    others = [kind for kind in kinds if kind != "tabella"] if "tabella" in kinds else []
    head = ["command", *(f"{kind} {what} ms" for kind in kinds for what in ("", "CPU"))]
    head = [" ".join(words.split()) for words in head] + [f"to {kind} ×" for kind in others]
    lines = []
    for row, by_kind in rows.items():
        seconds = {kind: statistics.median(run[0] for run in runs) for kind, runs in by_kind.items()}
        cpu = {kind: statistics.median(run[1] for run in runs) for kind, runs in by_kind.items()}
        line = [row]
        for kind in kinds:
            line += [number(seconds[kind] * 1000), number(cpu[kind] * 1000)]
        lines.append(line + [ratio(seconds["tabella"], seconds[kind]) for kind in others])
    return table(head, lines)


def login_table(results):
    """results: form of the password to kind to runs."""
    rows = []
    for form, by_kind in results.items():
        for kind, runs in by_kind.items():
            values = [number(median(runs, name)) for name in ("per_second", "p50_ms", "p99_ms", "cpu_us")]
            rows.append([form, kind, *values])
    return table(["stored password", "server", "logins /s", "p50 ms", "p99 ms", "CPU µs"], rows)


def counts_table(results):
    """results: kind to operation to counts by name."""
    kinds = list(results)
    head = ["operation", *(f"{kind}: {what}" for kind in kinds for what in ("statements", "round trips", "commits"))]
    rows = []
    for operation in results[kinds[0]]:
        row = [operation]
        for kind in kinds:
            found = results[kind][operation]
            row += [f"{found['statements']:.1f}", f"{found['round_trips']:.1f}", f"{found['commits']:.2f}"]
        rows.append(row)
    return table(head, rows)


def nodes_table(results):
    """results: kind to number of nodes to its run."""
    rows = [
        [kind, count, number(run["per_second"]), number(run["p99"]), run["readback"]]
        for kind, runs in results.items()
        for count, run in runs.items()
    ]
    return table(["engine", "nodes", "deliveries /s", "p99 ms", "check, at the last node"], rows)


def idle_table(results, stages):
    """results: server and transport to bytes of a connection at each stage."""
    rows = [[name, *(f"{value / 1024:,.1f}" for value in found)] for name, found in results.items()]
    return table(["KB a connection", *stages], rows)


def commit():
    def git(*words):
        return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain", "src") else "")


def heading(scratch, command):
    """When, where, what, and how to repeat it."""
    found = measure.machine()
    flush = measure.flush_milliseconds(scratch)
    return (
        f"{datetime.date.today().isoformat()}, commit {commit()}. {found['cpu']}, {found['cores']} cores, "
        f"{found['memory']}, kernel {found['kernel']}, {measure.disk_of(scratch)}; one flushed 4 KB append takes "
        f"{flush:.2f} ms. Load average at the start {os.getloadavg()[0]:.2f}.\n\n    {command}\n"
    )


def write_document(part, text, document=DOCUMENT):
    """Put `text` between the part's markers; a document without them gets them at its end."""
    begin, end = f"<!-- {part}: made by bench/run -->", f"<!-- end of {part} -->"
    path = pathlib.Path(document)
    old = path.read_text() if path.exists() else ""
    if begin not in old:
        old = old.rstrip("\n") + f"\n\n{begin}\n{end}\n"
    front, rest = old.split(begin, 1)
    back = rest.split(end, 1)[1]
    path.write_text(f"{front}{begin}\n\n{text.strip()}\n\n{end}{back}")
