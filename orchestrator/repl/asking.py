"""Asks the person at the terminal about calls that wait, all of them together, and takes the answers one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.conversation import Conversation
from orchestrator.errors import UsageError
from orchestrator.render.calls import Labels
from orchestrator.render.sanitize import clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.answering import YES, Outcome, pass_on, who_answered
from orchestrator.repl.answers import ALL, Answer, Typed, read_typed
from orchestrator.repl.confirm import Open, label_of, list_questions, numbered, show_question, show_questions
from orchestrator.repl.editing import draft_of, edited, without_unseen
from orchestrator.repl.input import PersonInput
from orchestrator.reply import Question

PROMPT = "run it? "
PROMPT_FOR_SEVERAL = "run them? "
EDIT_PROMPT = "with "

_EXPIRED = "nobody answered in time: this question does not count any more, and nothing runs"
_EDITING = "change what is sent; Enter runs it as it then stands, Ctrl-C goes back"


def choices_for(questions: Open) -> tuple[str, ...]:
    """What can be typed; an answer to one of several begins with its number."""
    first = next(iter(questions))
    number = f"{first} " if len(questions) > 1 else ""
    choices = [f"{number}y: run it", f"{number}n or {number}n WHY: do not", f"{number}e: edit it"]
    if always := [f"{one} a" if number else "a" for one, question in questions.items() if question.may_always]:
        choices.append(f"{', '.join(always)}: never ask again")
    if number:
        choices += ["all y, all n: for all that are left", f"{first}: show it again"]
    return tuple(choices)


def _packed(choices: Iterable[str], width: int) -> Iterator[str]:
    """Lines that break between choices, where that is possible."""
    line = ""
    for choice in choices:
        if line and len(line) + len(choice) + 2 > width:
            yield line
            line = ""
        line += f"; {choice}" if line else choice
    yield line


class Asking:
    """Asks the person until everything is answered or the person leaves; nothing counts as yes but a yes."""

    def __init__(self, view: TerminalView, labels: Labels, person: PersonInput, *, is_kept: bool) -> None:
        """`is_kept` where an answer for always outlives the program."""
        self._view = view
        self._labels = labels
        self._person = person
        self._is_kept = is_kept

    async def __call__(self, chat: Conversation, /) -> bool:
        """Shows all questions, and takes the answers in any order."""
        questions: Open = numbered(chat.pending)
        show_questions(self._view, questions, self._labels)
        self._hint(questions)
        while questions:
            typed = await self._person.answer(PROMPT if len(questions) == 1 else PROMPT_FOR_SEVERAL)
            if typed is None:
                return False
            self._view.reset()
            left = await self._after(typed, questions, chat)
            if left and left != questions:
                list_questions(self._view, left)
                self._hint(left)
            questions = left
        return True

    def _hint(self, questions: Open) -> None:
        for line in _packed(choices_for(questions), self._view.console.width):
            self._view.line(line, style="dim")

    async def _after(self, text: str, questions: Open, chat: Conversation) -> Open:
        """What is left to be answered."""
        typed = read_typed(text)
        if typed is None or (not typed.which and len(questions) > 1):
            which = "" if typed is None else f": say which one ({', '.join(questions)}), or all"
            self._view.notice(f"nothing runs without an answer{which}")
            self._hint(questions)
            return questions
        chosen = self._chosen(typed, questions)
        if typed.answer is None:
            for number, question in chosen.items():
                show_question(self._view, question, label_of(self._labels, question), number=number)
            return questions
        settled = [
            number
            for number, question in chosen.items()
            if await self._settle(chat, question, typed.answer, f"{number} " if len(questions) > 1 else "")
        ]
        return self._still_open({number: one for number, one in questions.items() if number not in settled}, chat)

    def _chosen(self, typed: Typed, questions: Open) -> Open:
        if typed.which in ("", ALL):
            return questions
        if typed.which in questions:
            return {typed.which: questions[typed.which]}
        self._view.notice(f"no question {typed.which} is open; open: {', '.join(questions)}", style="yellow")
        return {}

    def _still_open(self, questions: Open, chat: Conversation) -> Open:
        """Without those that somebody else has answered meanwhile."""
        pending = {question.call_id for question in chat.pending}
        for number, question in questions.items():
            if question.call_id not in pending:
                self._view.notice(f"({number}) was answered elsewhere meanwhile", style="yellow")
        return {number: question for number, question in questions.items() if question.call_id in pending}

    async def _settle(self, chat: Conversation, question: Question, answer: Answer, number: str) -> bool:
        """Passes the answer on; False when the question is still open. `number` is what answers to it begin with."""
        if answer.choice == "edit":
            return await self._edit(chat, question)
        if answer.choice == "always" and not question.may_always:
            self._view.notice(
                f"{clean_line(question.function)!r} is asked about each time; {number}y runs it this once",
                style="yellow",
            )
            return False
        outcome = await pass_on(answer, question, chat, self._view, self._view.show)
        await self._tell(chat, question, answer, outcome)
        return True

    async def _edit(self, chat: Conversation, question: Question) -> bool:
        try:
            draft = draft_of(question)
        except UsageError as error:
            self._view.notice(str(error), style="yellow")
            return False
        self._view.notice(_EDITING)
        while True:
            if not self._view.is_live:  # what stands in the line to begin with is not shown there
                self._view.line(draft)
            typed = await self._person.answer(EDIT_PROMPT, draft=draft)
            if typed is None:
                self._view.notice("nothing was changed, and the question is still open")
                return False
            self._view.reset()
            outcome = await self._with(chat, question, typed)
            if outcome is not None:
                await self._tell(chat, question, YES, outcome)
                return True
            draft = typed

    async def _with(self, chat: Conversation, question: Question, text: str) -> Outcome | None:
        """None for arguments that do not fit, after saying why."""
        try:
            arguments = edited(text, question)
            return await pass_on(YES, question, chat, self._view, self._view.show, arguments=arguments)
        except UsageError as error:
            self._view.notice(clean_line(without_unseen(str(error), question)), style="yellow")
            return None

    async def _tell(self, chat: Conversation, question: Question, answer: Answer, outcome: Outcome) -> None:
        if outcome == "expired":
            self._view.notice(_EXPIRED, style="yellow")
        elif outcome == "already_answered":
            self._view.notice(await who_answered(chat, question.call_id), style="yellow")
        elif outcome == "accepted" and answer.choice == "always":
            self._tell_always(question)

    def _tell_always(self, question: Question) -> None:
        """Says what was allowed for always, and how that is taken back."""
        function, plugin = clean_line(question.function), clean_line(question.plugin)
        forgetting = f"; `orchestrator policy --forget {plugin}.{function}` takes it back"
        until = forgetting if self._is_kept else ", for as long as this program runs"
        self._view.notice(f"{function} of {plugin} runs without asking from now on{until}")
