"""Finding skills: what is logged, and which folders."""

import logging
import os
from pathlib import Path

import pytest

from aimu.skills import AgentSkill, SkillLoadError, SkillManager
from aimu.skills.scripts import script_tool_name


def skill(folder: Path, name: str) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: Does it.\n---\n")
    return folder / name


def test_what_was_found_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = skill(tmp_path, "pdf")
    with caplog.at_level(logging.INFO, "aimu.skills"):
        assert list(SkillManager([tmp_path]).skills) == ["pdf"]
    assert caplog.messages == [f"1 skills: {place / 'SKILL.md'}"]


def test_a_folder_that_was_asked_for_and_is_not_there_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with caplog.at_level(logging.WARNING, "aimu.skills"):
        assert SkillManager().skills == {}
        assert caplog.messages == []
        assert SkillManager(["gone"]).skills == {}
    assert caplog.messages == [f"skill folder {tmp_path.resolve() / 'gone'} does not exist"]


def test_folders_are_absolute_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skill(tmp_path / "here", "pdf")
    monkeypatch.chdir(tmp_path)
    found = SkillManager("here")
    monkeypatch.chdir("/")
    assert found.skill_dirs == [tmp_path.resolve() / "here"]
    assert list(found.skills) == ["pdf"]


def test_a_skill_that_is_a_link_to_a_folder_is_one(tmp_path: Path) -> None:
    place = skill(tmp_path / "elsewhere", "pdf")
    (place / "guide.md").write_text("x")
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "pdf").symlink_to(place)
    assert list(SkillManager(tmp_path / "skills").skills) == ["pdf"]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(SkillLoadError, match="Permission denied") as caught:
        _ = SkillManager(tmp_path).skills
    assert caught.value.path == str(tmp_path.resolve())


def test_a_skill_is_plain_data() -> None:
    one, two = (AgentSkill("pdf", "Fills forms.", Path("pdf/SKILL.md")) for _ in range(2))
    assert one == two
    assert one.metadata is not two.metadata
    assert one.script_tool_names() == []


def test_a_tool_name_is_cut_only_when_it_must_be() -> None:
    assert script_tool_name("pdf", "x" * 59) == "pdf__" + "x" * 59
    long = {script_tool_name("pdf", stem) for stem in ("x" * 60, "x" * 61, "é" * 60, "ü" * 60)}
    assert {len(name) for name in long} == {64}
    assert len(long) == 4
