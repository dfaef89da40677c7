"""Training the micro model: seeded, bounded in its batches, shown as it goes, and refused where it is not exact."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from conformance.models import MICRO_FOLDER
from conformance.models.meter import LINE_EVERY, Meter

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gguf")

from conformance.models import train  # noqa: E402
from conformance.models.conversations import CONVERSATIONS  # noqa: E402
from conformance.models.course import STAGES, Course, Stage  # noqa: E402
from conformance.models.exactness import exams, held_out, missed_checked, misses, table  # noqa: E402
from conformance.models.learner import Place, learn  # noqa: E402
from conformance.models.network import Network, Shape  # noqa: E402
from conformance.models.tokenizer import VOCABULARY, encoded, load, trained_tokenizer  # noqa: E402

TINY = Shape(layers=1, width=16, heads=1, head=16, hidden=16)
SHORT = Stage("short", steps=2, rate=0.01, level=0.5, checked=0.5)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load(MICRO_FOLDER)


def learned(tokenizer: Any, seed: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    network = Network(TINY)
    learn(network, SHORT, tokenizer, seed=seed, tokens=512, place=Place(), meter=Meter(None))
    found: dict[str, Any] = network.state_dict()
    return found


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(file=shown, force_terminal=terminal, width=120), shown


def test_the_same_seed_gives_the_same_weights(tokenizer: Any) -> None:
    one, same, other = learned(tokenizer, 1), learned(tokenizer, 1), learned(tokenizer, 2)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one if "norm" not in name)


def test_learning_learns(tokenizer: Any) -> None:
    torch.manual_seed(1)
    network, stage = Network(TINY), Stage("longer", steps=80, rate=0.02, level=0.5, checked=1.0)
    loss = learn(network, stage, tokenizer, seed=1, tokens=512, place=Place(), meter=Meter(None))
    assert loss < 5.5 < torch.log(torch.tensor(float(VOCABULARY)))


def test_a_batch_is_within_its_bound_and_a_stage_has_its_steps(tokenizer: Any) -> None:
    batches = list(Course(Stage("some", 40, 0.01, 0.5, 0.1), tokenizer, seed=3, tokens=2048))
    assert len(batches) == 40
    for inputs, following, counts in batches:
        assert inputs.shape[0] == 1 or inputs.shape[0] * (inputs.shape[1] + 1) <= 2048
        assert counts.any(dim=1).all()
        assert torch.equal(inputs[:, 1:], following[:, :-1])


def test_only_what_the_model_writes_counts(tokenizer: Any) -> None:
    ids, wanted = encoded(tokenizer, [("<|im_start|>user\nHello", False), ("Hi<|im_end|>", True)])
    assert tokenizer.decode([token for token, counts in zip(ids, wanted, strict=True) if counts]) == "Hi"


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_the_rate_rises_and_falls_to_nothing(stage: Stage) -> None:
    rates = [stage.rate_at(step) for step in range(stage.steps)]
    assert rates[0] < max(rates) <= stage.rate
    assert rates[-1] < stage.rate / 100


def test_a_tokenizer_is_reproducible_and_merges_letters_only() -> None:
    one, same = trained_tokenizer(1, 50), trained_tokenizer(1, 50)
    assert one.to_str() == same.to_str()
    assert one.get_vocab_size() <= VOCABULARY
    assert [one.decode([token]) for token in one.encode("4711").ids] == list("4711")
    merges = json.loads(one.to_str())["model"]["merges"]
    assert [merge for merge in merges if not "".join(merge).isalpha()] == []
    text = "crème brûlée 😀 [1, 2]"
    assert one.decode(one.encode(text).ids) == text


def test_an_untrained_network_misses_every_checked_turn(tokenizer: Any) -> None:
    torch.manual_seed(1)
    turns = [turn for one in CONVERSATIONS.values() for turn in one.turns()]
    missed = missed_checked(Network(TINY), tokenizer)
    assert len(missed) == len(turns)
    assert {"greeting[0]", "ten_turns[9]"} <= set(missed)


def test_an_oracle_misses_nothing(tokenizer: Any) -> None:
    def oracle(ids: Any) -> Any:
        following = torch.roll(ids, -1, dims=1)
        return torch.nn.functional.one_hot(following, VOCABULARY)

    rows = table(misses(oracle, exams(held_out(60, 1), tokenizer)))
    assert {"one call", "calls at once", "plain answer", "answer from one result"} <= set(rows)
    assert all(exact == total for exact, total in rows.values())


def test_a_run_that_is_not_exact_ends_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conformance.models.tokenizer.trained_tokenizer", lambda: load(MICRO_FOLDER))
    options = "--scale 0.001 --repeats 1 --processes 1 --tokens 256 --held-out 5 --stages checked --out"
    assert train.main([*options.split(), str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "the stage 'checked' once more" in shown
    assert "not exact: accent[0]" in shown
    assert (tmp_path / "micro" / "micro.gguf").is_file()


def test_weights_that_are_exact_end_in_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from safetensors.torch import load_file

    shutil.copy(MICRO_FOLDER / "tokenizer.json", tmp_path)
    weights = load_file(MICRO_FOLDER / "model.safetensors")
    torch.save({name: value.float() for name, value in weights.items()}, tmp_path / "weights.pt")
    options = "--resume --stages --processes 1 --held-out 5 --out"
    assert train.main([*options.split(), str(tmp_path)]) == 0
    assert "every turn of every checked conversation is exact" in capsys.readouterr().out
    for name in ("micro.gguf", "model.safetensors"):
        assert (tmp_path / "micro" / name).read_bytes() == (MICRO_FOLDER / name).read_bytes(), name


def test_there_must_be_weights_to_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--resume", "--out", str(tmp_path)]) == 2
    assert "nothing to resume" in capsys.readouterr().err


def test_a_terminal_sees_a_bar_with_loss_and_speed() -> None:
    where, shown = console(terminal=True)
    with Meter(where) as meter:
        meter.show("language", 10, 40, 1.25, 9500)
    assert "language" in shown.getvalue()
    assert "10/40" in shown.getvalue()
    assert "loss 1.2500, 9,500 tok/s" in shown.getvalue()


def test_a_file_sees_a_line_now_and_then() -> None:
    where, shown = console(terminal=False)
    with Meter(where) as meter:
        for step in range(10, 2 * LINE_EVERY + 30, 10):
            meter.show("language", step, 2 * LINE_EVERY + 20, 1.25, 9500)
    assert [line.split()[1] for line in shown.getvalue().splitlines()] == ["50/120", "100/120", "120/120"]


def test_the_other_processes_show_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Meter(None) as meter:
        meter.show("language", LINE_EVERY, LINE_EVERY, 1.25, 9500)
    assert capsys.readouterr() == ("", "")
