"""Annotations of GitHub Actions: where they point, and that no text can begin one of its own (issue 6)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import Problem
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.playing.annotations import as_annotations, problem_annotations
from orchestrator.testing.playing.outcome import Outcome


def outcome(*failures: Failure, file: str = "a.conversation.yaml", name: str = "One") -> Outcome:
    return Outcome(file=file, name=name, failures=failures, seconds=0.1)


def test_a_failure_is_marked_at_its_place_with_all_that_is_said_of_it() -> None:
    failure = Failure(
        kind="calls",
        pointer="/turns/0",
        line=15,
        column=39,
        message="the call has other arguments",
        details=(("expected", "100%"), ("came", "3")),
    )
    assert as_annotations(outcome(failure, name="Homes: two, or one")) == (
        "::error file=a.conversation.yaml,line=15,col=39,title=Homes%3A two%2C or one::"
        "calls: the call has other arguments%0A    expected: 100%25%0A    came:     3",
    )


def test_one_without_a_place_marks_the_file() -> None:
    failure = Failure(kind="plugins", pointer="", line=0, column=0, message="there is none")
    assert as_annotations(outcome(failure)) == ("::error file=a.conversation.yaml,title=One::plugins: there is none",)


def test_what_has_passed_is_not_marked() -> None:
    assert as_annotations(outcome()) == ()


def test_a_mistake_in_a_file_is_marked_with_its_hint() -> None:
    problem = Problem(
        severity="error",
        code="missing",
        message="no turns",
        pointer="",
        line=2,
        column=1,
        hint="add some",
        file="a.yaml",
    )
    assert problem_annotations([problem]) == ("::error file=a.yaml,line=2,col=1,title=missing::no turns; add some",)


@given(st.text(), st.text(), st.text())
def test_an_annotation_is_one_line_whatever_is_in_it(file: str, name: str, message: str) -> None:
    failure = Failure(kind="text", pointer="", line=1, column=1, message=message)
    [line] = as_annotations(outcome(failure, file=file, name=name))
    assert not set(line) & {"\n", "\r", "\x1b", "\u2028"}
    head, _, rest = line.removeprefix("::").partition("::")
    assert head.startswith("error file=")
    assert head.count("title=") >= 1
    assert len(head.split(",line=1,col=1,title=")) >= 2
    assert rest.startswith("text: ")
