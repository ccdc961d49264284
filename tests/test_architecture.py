"""The architecture's rules: which package imports which, and how large files may be."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
import sys

import pytest

ROOT = Path(__file__).parent.parent / "custom_components" / "smspilot"
FILES = sorted(ROOT.rglob("*.py"))

# From the top to the bottom: a room imports from its own floor and those below. What Home
# Assistant asks for by name is at the top, with whatever else lies beside it there.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("__init__",),
    ("top",),
    ("account",),
    ("alarms", "conversations"),
    ("outbound", "inbound"),
    ("runtime", "contacts", "text", "options"),
    ("errors",),
    ("events",),
    ("client", "const"),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# Rooms of one floor that must not import each other.
STRANGERS = (("outbound", "inbound"),)

MAX_LINES, MAX_LONG_FILES = 250, 3
MAX_CLASS, MAX_FUNCTION, MAX_PARAMETERS = 200, 45, 7


def name_of(path: Path) -> str:
    """Return a file's name as a module of the integration: `outbound.outbox`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def room_of(module: str) -> str:
    """Return the room a module is in."""
    first = module.partition(".")[0]
    return first if first in FLOOR_OF else "top"


def imports(module: str) -> Iterator[str]:
    """Return what of the integration a module imports, wherever the import stands in it."""
    path = MODULES[module]
    package = path.parent.relative_to(ROOT).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - (node.level - 1)]
        parts = [*base, *(node.module or "").split(".")] if node.module else [*base]
        for alias in node.names:
            for candidate in (".".join([*parts, alias.name]), ".".join(parts)):
                if candidate in MODULES:
                    yield candidate
                    break
            else:
                yield "__init__"


ARROWS = {module: sorted({*imports(module)} - {module}) for module in MODULES}


def test_every_room_has_its_floor() -> None:
    """Each package has a floor, and each room of the list exists."""
    packages = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert packages - {*FLOOR_OF} <= {"frontend"}
    there = {room_of(module) for module in MODULES}
    assert {*FLOOR_OF} <= there | {"__init__"}


@pytest.mark.parametrize("module", MODULES)
def test_no_arrow_up(module: str) -> None:
    """A room imports from its own floor and those below, also for its types."""
    floor = FLOOR_OF[room_of(module)]
    up = [one for one in ARROWS[module] if FLOOR_OF[room_of(one)] < floor]
    assert up == []


@pytest.mark.parametrize("module", MODULES)
def test_strangers(module: str) -> None:
    """Packages that are strangers do not import each other."""
    for pair in STRANGERS:
        if (room := room_of(module)) in pair:
            others = {*pair} - {room}
            assert [one for one in ARROWS[module] if room_of(one) in others] == []


def test_no_circle() -> None:
    """No two files import each other, also not by way of others."""
    try:
        [*TopologicalSorter(ARROWS).static_order()]
    except CycleError as err:
        pytest.fail(" → ".join(err.args[1]))


def test_no_file_imports_the_root() -> None:
    """No module imports the root, which loads before requirements are installed."""
    assert [module for module, arrows in ARROWS.items() if "__init__" in arrows] == []


@pytest.mark.parametrize("module", MODULES)
def test_runtime_data_is_typed(module: str) -> None:
    """Each reader of an entry's runtime data says what kind of entry it is."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    reads = any(
        isinstance(node, ast.Attribute) and node.attr == "runtime_data" for node in ast.walk(tree)
    )
    assert not reads or "runtime_data" in ARROWS[module]


def test_packages_are_empty() -> None:
    """Only the client, which could be published alone, exports names in its root."""
    roots = [path for path in FILES if path.name == "__init__.py" and path.parent != ROOT]
    assert [path.parent.name for path in roots if path.read_text(encoding="utf-8")] == ["client"]


def test_client_needs_nothing() -> None:
    """The client imports the standard library and aiohttp, nothing of ours or of Home Assistant."""
    found = set()
    for module, path in MODULES.items():
        if room_of(module) != "client":
            continue
        assert [one for one in ARROWS[module] if room_of(one) != "client"] == []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).partition(".")[0])
    assert found - sys.stdlib_module_names == {"aiohttp"}


def lines_of(node: ast.AST) -> int:
    """Return how many lines a class or a function has, its decorators left out."""
    assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_can_be_read() -> None:
    """Up to 250 lines are a file; three may be longer."""
    lengths = {
        module: len(path.read_text(encoding="utf-8").splitlines())
        for module, path in MODULES.items()
    }
    long = {module: length for module, length in lengths.items() if length >= MAX_LINES}
    assert len(long) <= MAX_LONG_FILES, long


@pytest.mark.parametrize("module", MODULES)
def test_classes_and_functions_can_be_read(module: str) -> None:
    """A class has up to 200 lines, a function up to 45 and up to 7 parameters."""
    large = [(what, size) for what, size, most in measures(module) if size > most]
    assert large == []


def measures(module: str) -> Iterator[tuple[str, int, int]]:
    """Return the sizes of a module's classes and functions, and what they may be."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield f"{module}.{node.name} lines", lines_of(node), MAX_CLASS
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
            count = len([name for name in names if name not in ("self", "cls")])
            yield f"{module}.{node.name} lines", lines_of(node), MAX_FUNCTION
            yield f"{module}.{node.name} parameters", count, MAX_PARAMETERS
