"""The recipes of the documentation, for tests that do what they say.

A recipe is the indented blocks of a section. Each begins with a line that says what it belongs to, `# /path/of/a/file`,
`# sql`, `# shell` or `# head` (of each map file), and for which engine it is, if it is for one.
"""

import pathlib
import re

DOCUMENTS = pathlib.Path(__file__).resolve().parents[2] / "docs"
BLOCK_HEAD = re.compile(r"# (?P<file>/\S+|head|sql|shell)(?: on (?P<engine>SQLite|PostgreSQL|MariaDB))?$")
ENGINES = {"sqlite": "SQLite", "pgsql": "PostgreSQL", "mariadb": "MariaDB"}


class Recipe:
    """The blocks of one section for one engine: (file, text) in their order. A block for the engine takes the place of one
    for all of the same file in front of it, if both are there and the file is a map's."""

    def __init__(self, section, engine="sqlite", document="postfix.md"):
        self.blocks = []
        for file, wanted, text in section_blocks(document, section):
            if wanted in (None, ENGINES[engine]):
                if "/sql/" in file and wanted is not None:
                    self.blocks = [block for block in self.blocks if block[0] != file]
                self.blocks.append((file, text))
        assert self.blocks, f"docs/{document} has no blocks in {section!r}"

    def of(self, file):
        """All blocks of a file together."""
        return "".join(text for name, text in self.blocks if name == file)

    def files(self):
        return sorted({name for name, _ in self.blocks if name.startswith("/")})

    def options(self):
        """What it says of Tabella's configuration: section.key to value."""
        return dict(options_of(self.of("/etc/tabella/tabella.conf")))


def options_of(text):
    section = None
    for line in text.splitlines():
        line = line.partition(" #")[0].strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            key, _, value = line.partition("=")
            yield f"{section}.{key.strip()}", value.strip()


def sections(document):
    """Every section's name and lines."""
    name, lines = None, []
    for line in (DOCUMENTS / document).read_text().splitlines():
        if line.startswith("#"):
            yield name, lines
            name, lines = line.lstrip("# "), []
        else:
            lines.append(line)
    yield name, lines


def section_blocks(document, section):
    for name, lines in sections(document):
        if name == section:
            yield from blocks_of(lines)


def blocks_of(lines):
    """(file, engine or None, text) of each indented block that begins with its head; it may have empty lines inside."""
    head, text = None, []
    for line in [*lines, "end"]:
        found = BLOCK_HEAD.match(line[4:]) if line.startswith("    ") else None
        if head is not None and (found or (line and not line.startswith("    "))):
            yield head["file"], head["engine"], "\n".join(text).strip("\n") + "\n"
            head, text = None, []
        if found:
            head = found
        elif head is not None:
            text.append(line[4:])
