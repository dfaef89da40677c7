"""The head of a SKILL.md: whatever the text is, it is read or refused with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.errors import SkillLoadError
from aimu.skills.frontmatter import LIMIT, Frontmatter

YAML_LIKE = st.text(st.sampled_from("ab:- \n\t'\"[]{}#&*!|>%@`,?~\\0é\u2028\x85\ud800"), max_size=60)


@given(st.one_of(st.text(max_size=80), YAML_LIKE))
def test_any_text_is_read_or_refused(head: str) -> None:
    text = f"---\n{head}\n---\nbody"
    if (refused := refusal(text)) is not None:
        lines = sum(map(text.count, "\n\r\x85\u2028\u2029")) + 1
        assert refused.path == "x/SKILL.md"
        assert refused.line is not None
        assert 1 <= refused.line <= lines


def refusal(text: str) -> SkillLoadError | None:
    try:
        head = Frontmatter(text, "x/SKILL.md")
        head.text("a", 10)
        head.mapping("b")
    except SkillLoadError as exc:
        return exc
    return None


@given(st.text(max_size=80))
def test_any_file_without_the_first_line_is_refused(text: str) -> None:
    with pytest.raises(SkillLoadError, match="frontmatter"):
        Frontmatter(f"x{text}", "x/SKILL.md")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn", "Co", "Cf"]), max_size=40))
def test_a_bare_text_with_a_colon_is_that_text(text: str) -> None:
    words = " ".join(text.replace("#", "").replace("\ufeff", "").split())
    head = Frontmatter(f"---\ndescription: say {words}: this\n---", "x")
    assert head.text("description") == f"say {words}: this".strip()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("a: b: c", "b: c"),
        ("a: it's: c", "it's: c"),
        ("a: b:", "b:"),
        ("a: http://x: y", "http://x: y"),
        ("a: 'b: c'", "b: c"),
        ("a: b # c: d", "b"),
        ("a: 1_000", "1_000"),
        ("a: 0x1f", "0x1f"),
        ("a: 2026-01-01", "2026-01-01"),
        ("a: yes", "yes"),
        ("a: !!python/object:os.system x", "x"),
        ("a: null", ""),
        ("a: ''", ""),
    ],
)
def test_values_are_what_is_written(line: str, value: str) -> None:
    assert Frontmatter(f"---\nx: y\n{line}\n---", "x").text("a") == value


def test_the_first_fault_is_told_when_mending_colons_does_not_help() -> None:
    with pytest.raises(SkillLoadError, match=r"^x:2: .*mapping values"):
        Frontmatter("---\na: b: c\nd: [\n---", "x")


def test_a_key_of_any_other_kind_is_refused() -> None:
    with pytest.raises(SkillLoadError, match=r"x:2: .*no text"):
        Frontmatter("---\n[a]: b\n---", "x")


def test_an_alias_is_not_multiplied() -> None:
    bomb = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]\n" for n in range(1, 12))
    head = Frontmatter(f"---\nk0: &k0 [x]\n{bomb}metadata: {{all: *k11}}\n---", "x")
    assert len(head.mapping("metadata")["all"]) < 100


def test_the_limit_is_the_last_length_that_is_read() -> None:
    filler = "#" * (LIMIT - len("a: b\n"))
    assert Frontmatter(f"---\na: b\n{filler}\n---", "x").text("a") == "b"
    with pytest.raises(SkillLoadError, match=str(LIMIT)):
        Frontmatter(f"---\na: b\n{filler}#\n---", "x")


def test_an_indented_line_of_dashes_closes_nothing() -> None:
    head = Frontmatter("---\na: |\n  ---\n  b\n--- \nbody", "x")
    assert (head.text("a"), head.body) == ("---\nb", "body")
