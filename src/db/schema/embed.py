#!/usr/bin/env python3
"""Puts schema files into a C file: embed.py ENGINE OUT.c FILE.sql...

Files are named NNNN_engine.sql; NNNN is the schema version that the script leads to.
"""
import pathlib
import sys


def c_string(text):
    """Lines of C string literals; their sum is `text`."""
    for line in text.splitlines(keepends=True):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")
        yield '\t"' + escaped + '"'


def main():
    engine, out, files = sys.argv[1], sys.argv[2], [pathlib.Path(name) for name in sys.argv[3:]]
    files.sort()
    lines = ['#include "db/schema/scripts.h"', ""]
    for path in files:
        lines.append(f"static const char script_{path.stem}[] =")
        lines.extend(c_string(path.read_text(encoding="utf-8")))
        lines[-1] += ";"
    lines.append(f"\nconst struct db_migration {engine}_scripts[{len(files)}] = {{")
    for path in files:
        version = int(path.stem.split("_")[0])
        lines.append(f"\t{{ {version}, {{ script_{path.stem}, sizeof(script_{path.stem}) - 1 }} }},")
    lines.append("};")
    pathlib.Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
