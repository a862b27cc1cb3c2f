"""What the checks share: the files of the tree, C without its comments and strings, and how a complaint looks."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

_TOKEN = re.compile(
    r"""
    (?P<comment> /\*.*?\*/ | //[^\n]* )
  | (?P<string>  "(?:\\.|[^"\\\n])*" )
  | (?P<char>    '(?:\\.|[^'\\\n])*' )
    """,
    re.DOTALL | re.VERBOSE,
)


def tracked(*patterns):
    """Files that git knows or would take, as paths relative to the root, sorted."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(pathlib.Path(name) for name in set(names) if name and (ROOT / name).is_file())


def c_files(*folders):
    """The C sources and headers below these folders."""
    return [path for path in tracked(*folders) if path.suffix in (".c", ".h")]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_of(text, strings=False):
    """The text with comments, and unless asked for, the insides of strings and characters, made blank."""

    def replace(match):
        token = match.group(0)
        if match.group("comment"):
            return _blank(token)
        return token if strings else token[0] + _blank(token[1:-1]) + token[-1]

    return _TOKEN.sub(replace, text)


def strings_of(text):
    """(line, contents) of each string, those that follow one another joined, without comments and #include."""
    code = code_of(text, strings=True)
    joined = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')
    for match in joined.finditer(code):
        line_start = code.rfind("\n", 0, match.start()) + 1
        if code[line_start : match.start()].lstrip().startswith("#include"):
            continue
        parts = re.findall(r'"((?:\\.|[^"\\\n])*)"', match.group(0))
        yield code.count("\n", 0, match.start()) + 1, "".join(parts)


def head_comment(text):
    """The comment that a file begins with."""
    match = re.match(r"\s*(/\*.*?\*/)", text, re.DOTALL)
    return match.group(1) if match else ""


def functions(text):
    """(first line, name, lines) of each function body, which stands between lines of { and } alone."""
    lines = code_of(text).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            start = number
        elif line.rstrip() == "}" and start is not None:
            yield start, _name_before(lines, start), number - start + 1
            start = None


def _name_before(lines, brace):
    signature = ""
    for line in reversed(lines[max(0, brace - 12) : brace - 1]):
        if line.strip() in ("", "}") or line.endswith(";"):
            break
        signature = line.strip() + " " + signature
    names = re.findall(r"(\w+)\s*\(", signature)
    names = [name for name in names if name not in ("PRINTF_LIKE", "__attribute__", "format")]
    return names[0] if names else "?"


def finish(check, complaints):
    """Print the complaints and leave with the status that they mean."""
    for complaint in complaints:
        print(complaint)
    if complaints:
        print(f"{check}: {len(complaints)} to mend", file=sys.stderr)
    sys.exit(1 if complaints else 0)
