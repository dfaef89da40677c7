"""Files and rows that were lost, added or changed: each is complained of, by its name and for its reason."""

import contextlib
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from conformance.outcomes import HarnessError
from conformance.recorded.cassette import LARGEST
from tests.conformance.recorded.shelf import REAL, SMALL, SYNTHETIC, Data, Shelf

Damage = Callable[[Shelf], object]


def rows(edit: Callable[[Data], object]) -> Damage:
    """Damages the manifest."""

    def damage(shelf: Shelf) -> None:
        data = json.loads(shelf.manifest.read_bytes())
        edit(data["cassettes"])
        shelf.manifest.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    return damage


def row(edit: Callable[[Data], object]) -> Damage:
    """Damages the row of one file."""
    return rows(lambda found: edit(found[SYNTHETIC]))


def settle(shelf: Shelf) -> None:
    """Write the manifest, unless a file is no cassette, of which there is no row to be written."""
    with contextlib.suppress(HarnessError):
        shelf.settle()


def data(edit: Callable[[Data], object], *, settled: bool = False) -> Damage:
    """Damages one file, in the form that `record` writes; `settled` with a manifest that says so."""

    def damage(shelf: Shelf) -> None:
        shelf.change(SYNTHETIC, edit)
        if settled:
            settle(shelf)

    return damage


def metadata(**values: Any) -> Damage:
    return data(lambda found: found["metadata"].update(values), settled=True)


def text(edit: Callable[[str], str | bytes]) -> Damage:
    """Damages the text of one file."""

    def damage(shelf: Shelf) -> None:
        path = shelf.folder / SYNTHETIC
        new = edit(path.read_text(encoding="utf-8"))
        path.write_bytes(new if isinstance(new, bytes) else new.encode())

    return damage


def of_a_server(**values: Any) -> Damage:
    """Damages what was recorded from a server, with a manifest that says so."""

    def damage(shelf: Shelf) -> None:
        shelf.change(REAL, lambda found: found["metadata"].update(values))
        settle(shelf)

    return damage


def header(side: str, name: str) -> Damage:
    return data(lambda found: found["interactions"][0][side]["headers"].update({name: ["x"]}))


def copied(to: str) -> Damage:
    return lambda shelf: shutil.copyfile(shelf.folder / SYNTHETIC, shelf.folder / to)


def packed(old: str) -> bytes:
    return gzip.compress(old.encode())


REWRITTEN: Final = "not in the form that `python -m conformance record` writes"
DAMAGES: Final[dict[str, tuple[Damage, str, str]]] = {
    "lost": (lambda s: (s.folder / SYNTHETIC).unlink(), SYNTHETIC, "is missing; make it with `python -m conformance"),
    "lost, and a row": (lambda s: (s.folder / SYNTHETIC).unlink(), SYNTHETIC, "which does not exist"),
    "added": (copied("openai/wire_openai.more.yaml"), "openai/wire_openai.more.yaml", "is an orphan: no scenario"),
    "added, of another suffix": (copied("openai/notes.txt"), "openai/notes.txt", "is an orphan"),
    "added, hidden": (copied("openai/.x.yaml.swp"), "openai/.x.yaml.swp", "is an orphan"),
    "added, for no target": (copied("stray.yaml"), "stray.yaml", "is an orphan"),
    "renamed": (
        lambda s: (s.folder / SYNTHETIC).rename(s.folder / "openai/x.yaml"),
        "openai/x.yaml",
        "is an orphan: no scenario is replayed from it",
    ),
    "renamed, and lost": (lambda s: (s.folder / SYNTHETIC).rename(s.folder / "openai/x.yaml"), SYNTHETIC, "is missing"),
    "exchanged": (copied(SMALL[2]), SMALL[2], "its scenario is 'wire_openai/test_stream_asks_for_usage', and"),
    "no row": (rows(lambda found: found.pop(SYNTHETIC)), SYNTHETIC, "it has no row in manifest.json"),
    "a row too many": (rows(lambda found: found.update({"openai/x.yaml": {}})), "openai/x.yaml", "has a row for"),
    "no manifest": (lambda s: s.manifest.unlink(), SYNTHETIC, "it has no row in manifest.json"),
    "manifest torn": (lambda s: s.manifest.write_text("{"), "manifest.json", "cannot be read"),
    "manifest a list": (lambda s: s.manifest.write_text("[]"), "manifest.json", "cannot be read"),
    "manifest without rows": (lambda s: s.manifest.write_text("{}"), "manifest.json", "it has to have cassettes"),
    "row twice": (
        lambda s: s.manifest.write_text(f'{{"cassettes": {{"{SYNTHETIC}": {{}}, "{SYNTHETIC}": {{}}}}}}'),
        "manifest.json",
        "stands twice",
    ),
    "row of a key less": (row(lambda found: found.pop("sha256")), SYNTHETIC, "has the keys scenario, requirements, "),
    "row of a key more": (row(lambda found: found.update(more=1)), SYNTHETIC, "sha256, more; scenario"),
    "row of another scenario": (row(lambda found: found.update(scenario="x")), SYNTHETIC, "'x' in manifest.json"),
    "row of other requirements": (row(lambda found: found.update(requirements=[])), SYNTHETIC, "[] in manifest.json"),
    "row of another provenance": (row(lambda found: found.update(provenance="x")), SYNTHETIC, "'x' in manifest.json"),
    "row of a request less": (row(lambda found: found["requests"].pop()), SYNTHETIC, "it has 2 requests, and 1 in"),
    "row of another request": (
        row(lambda found: found.update(requests=["0" * 64] * 2)),
        SYNTHETIC,
        "request 1, 2 was changed after it was recorded",
    ),
    "row of another response": (
        row(lambda found: found.update(responses=["0" * 64] * 2)),
        SYNTHETIC,
        "response 1, 2 was changed after it was recorded",
    ),
    "row of another digest": (row(lambda found: found.update(sha256="")), SYNTHETIC, "its digest is not the one in"),
    "another request": (
        data(lambda found: found["interactions"][0]["request"].update(body='{"model":"x"}')),
        SYNTHETIC,
        "request 1 was changed after",
    ),
    "another answer": (
        data(lambda found: found["interactions"][0]["response"]["body"].update(string="")),
        SYNTHETIC,
        "response 1 was changed after",
    ),
    "another status": (
        data(lambda found: found["interactions"][0]["response"]["status"].update(code=500)),
        SYNTHETIC,
        "response 1 was changed after",
    ),
    "another date": (data(lambda found: found["metadata"].update(date="2020-01-01")), SYNTHETIC, "its digest is not"),
    "an exchange more": (
        data(lambda found: found["interactions"].append(found["interactions"][0])),
        SYNTHETIC,
        "it has 3 requests, and 2 in manifest.json",
    ),
    "no exchange": (data(lambda found: found.update(interactions=[])), SYNTHETIC, "it holds no exchange"),
    "too large": (text(lambda old: old + "#" * LARGEST), SYNTHETIC, f"bytes; at most {LARGEST} are kept"),
    "a tag": (text(lambda old: "x: !!python/object:os.system {}\n" + old), SYNTHETIC, "is not plain YAML: could not"),
    "a tag that runs": (
        text(lambda old: "x: !!python/object/apply:os.getcwd []\n" + old),
        SYNTHETIC,
        "determine a constructor for the tag",
    ),
    "an alias": (text(lambda old: "x: &a b\ny: *a\n" + old), SYNTHETIC, "is not plain YAML: an alias"),
    "an anchor": (text(lambda old: old.replace("version: 1", "version: &a 1")), SYNTHETIC, REWRITTEN),
    "a merge": (text(lambda old: "x: {<<: {a: 1}}\n" + old), SYNTHETIC, "is not plain YAML"),
    "a key twice": (text(lambda old: "version: 1\n" + old), SYNTHETIC, "the key 'version' stands twice"),
    "an inner key twice": (
        text(lambda old: old.replace("    method: POST", "    method: GET\n    method: POST")),
        SYNTHETIC,
        "the key 'method' stands twice",
    ),
    "a request header": (header("request", "authorization"), SYNTHETIC, "request 1 has the header 'authorization'"),
    "a response header": (header("response", "set-cookie"), SYNTHETIC, "response 1 has the header 'set-cookie'"),
    "packed": (text(packed), SYNTHETIC, "is not plain YAML: "),
    "JSON": (text(lambda old: json.dumps(yaml.safe_load(old))), SYNTHETIC, REWRITTEN),
    "a comment": (text(lambda old: old + "# checked\n"), SYNTHETIC, REWRITTEN),
    "other line ends": (text(lambda old: old.replace("\n", "\r\n")), SYNTHETIC, REWRITTEN),
    "a list": (text(lambda _: "- 1\n"), SYNTHETIC, "does not have the shape of a cassette: TypeError"),
    "a word": (text(lambda _: "cassette\n"), SYNTHETIC, "does not have the shape of a cassette"),
    "nothing": (text(lambda _: ""), SYNTHETIC, "does not have the shape of a cassette"),
    "no metadata": (data(lambda found: found.pop("metadata")), SYNTHETIC, "KeyError('metadata')"),
    "an empty header": (
        data(lambda found: found["interactions"][0]["response"]["headers"].update({"content-type": []})),
        SYNTHETIC,
        "does not have the shape of a cassette",
    ),
    "nested without end": (text(lambda _: "[" * 50_000), SYNTHETIC, "is not plain YAML"),
    "no UTF-8": (text(lambda old: old.encode() + b"\xff"), SYNTHETIC, "is not plain YAML"),
    "something unknown about it": (metadata(mood="good"), SYNTHETIC, "mood; scenario, target"),
    "no known provenance": (metadata(provenance="found"), SYNTHETIC, "provenance 'found'; 'recorded: SERVER'"),
    "no known server": (of_a_server(provenance="recorded: "), REAL, "provenance 'recorded: '"),
    "other facts": (metadata(provenance="synthetic: wire-facts Z9"), SYNTHETIC, "is written from wire-facts O6"),
    "synthetic, for a server": (
        of_a_server(provenance="synthetic: wire-facts O6"),
        REAL,
        "and the scenario is recorded from a server",
    ),
    "a server, for facts": (metadata(provenance="recorded: x"), SYNTHETIC, "is written from wire-facts O6"),
    "another scenario": (metadata(scenario="x/test_y"), SYNTHETIC, "its scenario is 'x/test_y', and the scenario's"),
    "another target": (metadata(target="anthropic"), SYNTHETIC, "its target is 'anthropic', and the scenario's"),
    "other requirements": (metadata(requirements=["X-1"]), SYNTHETIC, "its requirements is ['X-1'], and"),
}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "cassettes", *SMALL)


def test_what_is_not_damaged_is_not_complained_of(shelf: Shelf) -> None:
    """A complaint below that has another reason than the damage."""
    assert shelf.complaints() == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_complained_of(shelf: Shelf, damage: str) -> None:
    """A damage that is let through, or told without the file or the reason."""
    act, name, phrase = DAMAGES[damage]
    act(shelf)
    told = [line for line in shelf.complaints() if name in line and phrase in line]
    assert told, shelf.complaints()
    assert str(shelf.folder) in told[0]
