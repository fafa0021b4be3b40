#!/usr/bin/python3
"""The house rules that a machine can check. lint.py RULE... runs the named ones (all without a name), prints each
breach as file:line: message, and exits 1 when there is one."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OURS = ("config", "probes", "rules", "agent")
TOP_LEVEL = {"CMakeLists.txt", "agent", "probes", "rules", "config", "tests", "packaging", "README.md"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# One direction: config <- probes <- rules <- agent.
MAY_INCLUDE = {"config": {"config"}, "probes": {"config", "probes"}, "rules": {"config", "rules"},
               "agent": {"config", "probes", "rules", "agent"}}
RULES_MAY_ALSO = "probes/observation.hpp"

# Each foreign library is seen by one file of ours, so that it can be exchanged.
ONE_FILE = ("yaml-cpp/", "net-snmp/", "curl/", "sqlite3.h", "re2/", "CLI/", "systemd/sd-daemon.h",
            "systemd/sd-journal.h", "spdlog/", "lzma.h")
RULES_LIBRARIES = ("re2/", "immintrin.h")


def files(*patterns, folders=(*OURS, "tests")):
    for folder in folders:
        for pattern in patterns:
            yield from sorted(path for path in (ROOT / folder).rglob(pattern) if "__pycache__" not in path.parts)


def lines(path):
    return enumerate(path.read_text(encoding="utf-8").splitlines(), 1)


def at(path, number, message):
    return f"{path.relative_to(ROOT)}:{number}: {message}"


def includes(path):
    for number, line in lines(path):
        if match := INCLUDE.match(line):
            yield number, match.group(1) == '"', match.group(2)


def is_standard(name):
    return "/" not in name and not name.endswith((".h", ".hpp"))


def include_direction():
    for path in files("*.cpp", "*.hpp", folders=OURS):
        folder = path.relative_to(ROOT).parts[0]
        for number, ours, name in includes(path):
            if ours and name.partition("/")[0] not in MAY_INCLUDE[folder] and not (
                    folder == "rules" and name == RULES_MAY_ALSO):
                yield at(path, number, f"{folder}/ may not include {name}")
            if not ours and folder == "rules" and not is_standard(name) and not name.startswith(RULES_LIBRARIES):
                yield at(path, number, f"rules/ decides and touches nothing: it may not include <{name}>")
            if not ours and folder == "config" and name.startswith("boost/"):
                yield at(path, number, f"config/ may not include <{name}>")


def one_library_one_file():
    for library in ONE_FILE:
        seen = {}
        for path in files("*.cpp", "*.hpp", folders=OURS):
            for number, ours, name in includes(path):
                if not ours and name.startswith(library):
                    seen.setdefault(path, number)
        for path, number in list(seen.items()):
            if path.suffix == ".hpp":
                yield at(path, number, f"a header of ours shows <{library}>")
        for path, number in list(seen.items())[1:]:
            yield at(path, number, f"<{library}> is already seen by {next(iter(seen)).relative_to(ROOT)}")


def no_coroutines():
    word = re.compile(r"\bco_(await|yield|return)\b|<coroutine>")
    for path in files("*.cpp", "*.hpp"):
        for number, line in lines(path):
            if word.search(line):
                yield at(path, number, "coroutines are off: g++ 12 miscompiles them")
    if "-fno-coroutines" not in (ROOT / "CMakeLists.txt").read_text():
        yield at(ROOT / "CMakeLists.txt", 1, "-fno-coroutines is missing")


def no_sleep():
    cpp = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")
    python = re.compile(r"\btime\.sleep\s*\(")
    for path in files("*.cpp", "*.hpp", folders=("tests",)):
        for number, line in lines(path):
            if cpp.search(line):
                yield at(path, number, "a test does not sleep: wait for a condition")
    for path in files("*.py", folders=("tests",)):
        if path != ROOT / "tests" / "lab" / "wait.py":
            for number, line in lines(path):
                if python.search(line) and path != pathlib.Path(__file__).resolve():
                    yield at(path, number, "only tests/lab/wait.py lets time pass")


def finished_work():
    """Nothing is left for later, and nothing tells of how or where it was made."""
    words = ("TO" "DO", "FIX" "ME", "place" "holder", "mile" "stone", "/wo" "rk/", "/tmp/bu" "ild", "sub" "agent",
             "XX" "X")
    pattern = re.compile("|".join(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" for word in words))
    for path in [*files("*"), *files("*", folders=("packaging", ".ci")), ROOT / "CMakeLists.txt", ROOT / "README.md"]:
        if path.is_file():
            try:
                for number, line in lines(path):
                    if match := pattern.search(line):
                        yield at(path, number, f"{match.group(0)!r} has no place here")
            except UnicodeDecodeError:
                pass  # a fixture in another encoding


def top_level():
    for path in ROOT.iterdir():
        if not path.name.startswith((".", "build")) and path.name not in TOP_LEVEL:
            yield at(path, 1, "the top level is fixed")


def test_names():
    seen = {}
    name = re.compile(r'\bTEST_CASE(?:_FIXTURE)?\s*\((?:[^",]+,\s*)?\s*"([^"]*)"')
    for path in files("*.cpp", folders=("tests",)):
        text = path.read_text(encoding="utf-8")
        for match in name.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            title, suite = match.group(1), path.parent.name
            if re.search(r"[,\[\]\\]", title):
                yield at(path, number, f"ctest cannot run a name with a comma or bracket: {title}")
            if (suite, title) in seen:
                yield at(path, number, f"the name is taken by {seen[suite, title].relative_to(ROOT)}: {title}")
            seen[suite, title] = path


def shell_scripts():
    scripts = []
    for folder in ("tests", "packaging", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and re.match(rb"#!/bin/(ba)?sh\b", path.read_bytes()[:16]):
                scripts.append(str(path.relative_to(ROOT)))
    done = subprocess.run(["shellcheck", "-f", "gcc", *scripts], cwd=ROOT, capture_output=True, text=True)
    yield from (done.stdout + done.stderr).splitlines()


def python_files():
    paths = [str(path) for path in files("*.py", folders=("tests", "packaging"))] + [str(ROOT / "tests/lab/lab")]
    done = subprocess.run(["pyflakes3", *paths], capture_output=True, text=True)
    yield from (done.stdout + done.stderr).splitlines()


def mibs():
    """smilint exits 0 whatever it finds, so its words count. The IETF's modules that ours import are in tests/lint/mibs,
    as far as they are imported: Debian has none."""
    for path in files("*-MIB.txt", folders=("packaging",)):
        done = subprocess.run(["smilint", "-c", "/dev/null", "-l", "6", "-s", "-e", str(path)], cwd=ROOT,
                              capture_output=True, text=True, env={"SMIPATH": str(ROOT / "tests/lint/mibs"),
                                                                   "PATH": "/usr/bin:/bin"})
        yield from (done.stdout + done.stderr).splitlines()


def format_of_cpp():
    sources = [str(path.relative_to(ROOT)) for path in files("*.cpp", "*.hpp")]
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *sources], cwd=ROOT, capture_output=True, text=True)
    first = {line.partition(":")[0]: line for line in reversed(done.stderr.splitlines()) if "[-Wclang-format" in line}
    yield from sorted(first.values())


RULES = {rule.__name__.replace("_", " "): rule for rule in (
    include_direction, one_library_one_file, no_coroutines, no_sleep, finished_work, top_level, test_names,
    shell_scripts, python_files, mibs, format_of_cpp)}


def main():
    bad = 0
    for name in sys.argv[1:] or RULES:
        for breach in RULES[name]():
            print(breach)
            bad += 1
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
