"""What a caller is handed: an open question, and its card."""

from __future__ import annotations

from orchestrator.content import AttachedFile
from orchestrator.reply import Question
from runtimes.values import dump_json


def test_the_card_of_a_question_lists_its_files_and_hides_what_was_typed_unseen() -> None:
    """Issue 7, confirmation."""
    file = AttachedFile(id="f1", name="photo\u202e.png", media_type="image/png", size=3, sha256="0" * 64)
    question = Question(
        call_id="c",
        plugin="shop",
        function="buy",
        arguments={"pin": "1234", "picture": "attachment:f1"},
        title="Buy?",
        body="Buys.",
        destination="https://shop.example",
        reasons=(),
        expires=0.0,
        attachments=(file,),
        secret=("pin",),
        may_always=True,
    )
    card = dump_json(question.card)
    assert "1234" not in card
    assert "•••" in card
    assert "attachment:f1 is 'photo\\\\u202e.png', image/png, 3 bytes" in card
    assert '"verb":"always"' in card
