#!/usr/bin/env python3
"""Puts schema files into a C file: embed.py ENGINE OUT.c FILE.sql...

Files are named NNNN_engine.sql; NNNN is the schema version that the script leads to. NNNN_engine_undo.sql leads back.

From 0004 on a file begins with one of two lines:

    -- Additive: programs of schema N and later run beside it.
    -- Not additive: WHY

and the way back with any number of lines that say when it is closed, because the older schema cannot hold what is there:

    -- Refuse: WHY: SELECT ...      (a statement that gives a row then)
"""
import pathlib
import re
import sys

ADDITIVE = re.compile(r"-- Additive: programs of schema (\d+) and later run beside it\.$")
REFUSE = re.compile(r"^-- Refuse: (.+?): (SELECT .+)$", re.MULTILINE)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n") + '"'


def literal(text):
    """Lines of C string literals; their sum is `text`."""
    return ["\t" + quoted(line) for line in text.splitlines(keepends=True)]


def view(name):
    return f"{{ {name}, sizeof({name}) - 1 }}"


def oldest_program(path, version):
    """The oldest schema whose programs run on a database of this one."""
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    match = ADDITIVE.match(first)
    if match and int(match.group(1)) <= version:
        return int(match.group(1))
    if version > 3 and not first.startswith("-- Not additive: "):
        sys.exit(f"{path}: the first line does not say whether it is additive (see embed.py)")
    return version


def script(path):
    lines = [f"static const char script_{path.stem}[] =", *literal(path.read_text(encoding="utf-8"))]
    lines[-1] += ";"
    return lines


def refusals(path):
    lines = [f"static const struct db_refusal refusals_{path.stem}[] = {{"]
    for why, ask in REFUSE.findall(path.read_text(encoding="utf-8")):
        lines += [f"\t{{ {quoted(ask)}, {quoted(why)} }},"]
    return lines + ["\t{ NULL, NULL },", "};"]


def row(path, undo):
    version = int(path.stem.split("_")[0])
    lines = [f"\t{{ .to = {version}, .script = {view('script_' + path.stem)},"]
    if undo:
        lines += [f"\t    .undo = {view('script_' + undo.stem)}, .refusals = refusals_{undo.stem},"]
    return lines + [f"\t    .oldest = {oldest_program(path, version)} }},"]


def main():
    engine, out, files = sys.argv[1], sys.argv[2], sorted(pathlib.Path(name) for name in sys.argv[3:])
    undos = {path.stem: path for path in files if path.stem.endswith("_undo")}
    steps = [path for path in files if path.stem not in undos]
    lines = ['#include "db/schema/scripts.h"', ""]
    for path in files:
        lines += script(path)
    for path in undos.values():
        lines += refusals(path)
    lines += ["", f"const struct db_migration {engine}_scripts[{len(steps)}] = {{"]
    for path in steps:
        lines += row(path, undos.get(path.stem + "_undo"))
    lines.append("};")
    pathlib.Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
