"""Takes from an answer's Markdown the links and images that would carry data away: they stay as text. Pure.

It never decides what a renderer would make of a text, only what one might: whatever could be a link, an image or HTML
to any of them is broken unless its address is allowed. Code is left alone where it is certain to be code. A text may
come in any pieces; what is given out is the same, and no more than `MAX_HELD` characters are held back.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.response import signs
from orchestrator.response.addresses import MAX_ADDRESS, TRAILING, Addresses, in_prose, plain_part
from orchestrator.response.code_blocks import MAX_HELD, CodeBlocks, is_open
from orchestrator.response.drawings import leads_away, may_be_drawn
from orchestrator.response.mails import BEHIND, MAX_MAIL, domain_end, mail_at
from orchestrator.response.targets import Target, leads_nowhere_else, read_target

MAX_CODE = 1024
"""Characters of code inside a line; a longer one is not taken for code."""

_Step = tuple[str, int] | None
"""What is given out and where the next step begins; None where more of the text is needed."""


class LinkGuard:
    """One text as it is written; `feed` may be given it in any pieces, `finish` says that it has ended."""

    def __init__(self, addresses: Callable[[], Addresses]) -> None:
        """`addresses` are asked for when there is one to judge."""
        self._addresses = addresses
        self._text = ""
        self._is_complete = False
        self._before = ""
        """The last of what is no longer in `_text`, as it came in."""
        self._last = ""
        self._is_line_start = True
        self._blocks = CodeBlocks()
        self._is_behind_bracket = False
        self._is_undrawn = False
        """True where a block has begun that an app might draw, until that is settled."""
        self._is_sure = True
        """False where an open backtick makes it uncertain what is code, until the paragraph ends."""

    def feed(self, piece: str) -> str:
        """What may be given out after this piece."""
        is_in_line = not (self._text or self._is_line_start or self._blocks.is_inside)
        if piece and is_in_line and signs.SPECIAL.search(piece) is None:
            self._before = (self._before + piece)[-BEHIND:]
            self._last, self._is_behind_bracket = piece[-1], False
            return piece
        self._text += piece
        return self._drain()

    def finish(self) -> str:
        """The rest."""
        self._is_complete = True
        return self._drain()

    def _drain(self) -> str:
        out: list[str] = []
        at = 0
        while at < len(self._text) and (step := self._step(at)) is not None:
            piece, at = step
            if piece:
                out.append(piece)
                self._last = piece[-1]
                self._is_behind_bracket = piece in ("[", signs.IMAGE_AS_TEXT)
        if at:
            self._before = self._behind(at)
            self._text = self._text[at:]
        return "".join(out)

    def _behind(self, at: int) -> str:
        """What came in before this place."""
        return (self._before + self._text[max(0, at - BEHIND) : at])[-BEHIND:]

    def _step(self, at: int) -> _Step:
        if self._is_line_start:
            return self._line(at)
        if self._is_undrawn:
            return self._block_begin(at)
        return self._code_line(at) if self._blocks.is_inside else self._inline(at)

    def _is_open(self, start: int, end: int, limit: int = MAX_HELD) -> bool:
        return is_open(self._text, start, end, is_complete=self._is_complete, limit=limit)

    def _line(self, at: int) -> _Step:
        end = self._blocks.read(self._text, at, is_complete=self._is_complete)
        if end is None:
            return None
        self._is_line_start = False
        self._is_sure = self._is_sure or self._blocks.is_blank
        info = self._blocks.info
        if info is not None and may_be_drawn(self._text[slice(*info)]):
            self._is_undrawn = True
            return self._text[at : info[0]], info[0]
        return self._text[at:end], end

    def _block_begin(self, at: int) -> _Step:
        """The name of a language that is drawn, `text` in its place where the block may lead away."""
        closing = self._blocks.closing.search(self._text, at, at + MAX_HELD)
        if closing is None and self._is_open(at, len(self._text)):
            return None
        is_whole = closing is not None or len(self._text) - at < MAX_HELD
        end = closing.end() if closing is not None else len(self._text)
        name_end = self._text.find("\n", at)
        name_end = name_end if name_end >= 0 else len(self._text)
        self._is_undrawn = False
        if not is_whole or leads_away(self._text[at:end], self._addresses()):
            return "text", name_end
        return self._text[at:name_end], name_end

    def _code_line(self, at: int) -> _Step:
        end = self._text.find("\n", at) + 1
        self._is_line_start = end > 0
        end = end or len(self._text)
        return self._text[at:end], end

    # --- inside of lines

    def _inline(self, at: int) -> _Step:
        sign = signs.SIGN.search(self._text, at)
        end = sign.start() if sign is not None else len(self._text)
        if not self._is_complete and (sign is None or sign[0] == "\\"):
            begun = signs.BEGUN.search(self._text, max(at, len(self._text) - signs.LONGEST_BEGUN))
            if begun is not None and begun.start() < end:
                sign, end = None, begun.start()
        if end > at:
            return self._text[at:end], end
        return self._sign(at, sign[0]) if sign is not None else None

    def _sign(self, at: int, sign: str) -> _Step:
        match sign:
            case "\n" | "[":
                self._is_line_start = sign == "\n"
                return sign, at + 1
            case "\\":
                return self._escape(at)
            case "`":
                return self._code(at)
            case "<":
                return self._angle(at)
            case "]":
                return self._bracket(at)
            case "![":
                return self._image(at)
            case "@":
                return self._mail(at, at + 1)
            case "&":
                return self._reference(at)
            case "//":
                return self._without_scheme(at)
            case _:
                return self._address(at, sign)

    def _escape(self, at: int) -> _Step:
        if self._is_open(at, at + 1):
            return None
        char = self._text[at + 1 : at + 2]
        if char == "@":
            return self._mail(at, at + 2)
        is_escaped = char.isascii() and char.isprintable() and not char.isalnum() and char != " "
        end = at + 2 if is_escaped and char else at + 1
        return self._text[at:end], end

    def _reference(self, at: int) -> _Step:
        """A character by its name or number; one that could spell an address, or that hides, is shown as written."""
        found = signs.REFERENCE.match(self._text, at)
        assert found is not None
        if found[0][-1] != ";" and self._is_open(at, found.end()):
            return None
        return signs.shown_reference(found[0]), found.end()

    def _mail(self, at: int, end: int) -> _Step:
        """What follows the `@` that ends at `end`: the rest of a mail address, as code unless it was given."""
        sign, domain_ends = self._text[at:end], domain_end(self._text, end)
        if self._is_open(at, domain_ends + 1, MAX_MAIL):
            return None
        behind = self._text[domain_ends : domain_ends + 1]
        mail = mail_at(self._behind(at), self._text[end:domain_ends], behind)
        if mail is None:
            is_begun = behind in ("`", "|") and domain_ends == end and self._behind(at)[-1:].isalnum()
            return f"{sign} " if is_begun else sign, end
        if sign == "@" and self._addresses().may_write_to(mail.address):
            return f"{sign}{mail.domain}", end + len(mail.domain)
        domain_ends = end + len(mail.domain)
        if self._is_sure and self._text[domain_ends : domain_ends + 1] != "`":
            return f"{sign}`{mail.domain}`", domain_ends
        return f"{sign} ", end

    def _without_scheme(self, at: int) -> _Step:
        """`//host`, which some readers take for an address."""
        if self._is_open(at, at + 2):
            return None
        before = self._behind(at)[-2:]
        is_scheme = before[-1:] == ":" and before[:1].isalnum()
        if is_scheme or before[-1:].isalnum() or before[-1:] == "/" or self._text[at + 2 : at + 3] in signs.NO_HOST:
            return "//", at + 2
        return self._address(at, "//")

    def _code(self, at: int) -> _Step:
        """Code inside a line, where it certainly ends in that line: not in the next cell, nor in a definition."""
        found = signs.TICKS.match(self._text, at, at + MAX_CODE)
        assert found is not None
        if self._is_open(at, found.end(), MAX_CODE):
            return None
        if not self._is_sure:
            return found[0], found.end()
        limit = min(len(self._text), at + MAX_CODE)
        line_end = self._text.find("\n", at, limit)
        runs = signs.TICKS.finditer(self._text, found.end(), limit if line_end < 0 else line_end)
        end = next((run.end() for run in runs if run[0] == found[0]), -1)
        if line_end < 0 and end in (-1, limit) and self._is_open(at, limit, MAX_CODE):
            return None
        code = self._text[at:end] if end < at + MAX_CODE else ""
        if end > 0 and code and "|" not in code and "]:" not in code:
            return code, end
        self._is_sure = False
        return found[0], found.end()

    def _angle(self, at: int) -> _Step:
        """An address in angle brackets, a line break, or HTML, which is written so that it is none."""
        char = self._text[at + 1 : at + 2]
        if self._is_open(at, at + 1):
            return None
        if not char or not (char in "/!?" or (char.isascii() and char.isalpha())):
            return "<", at + 1
        scheme = signs.SCHEME.match(self._text, at)
        if scheme is not None:
            if self._is_open(at, scheme.end()):
                return None
            if self._text[scheme.end() : scheme.end() + 1] == ":":
                return self._autolink(at)
            rest = self._text[at : at + len(signs.LINE_BREAKS[-1])].lower()
            if not self._is_complete and any(tag != rest and tag.startswith(rest) for tag in signs.LINE_BREAKS):
                return None
            line_break = signs.LINE_BREAK.match(self._text, at)
            if line_break is not None and self._may_break(at):
                return line_break[0], line_break.end()
        return self._mail_or_tag(at)

    def _may_break(self, at: int) -> bool:
        """True where a tag cannot begin a block of HTML."""
        if self._last in signs.NOT_BEFORE_BREAK:
            return signs.IN_CELL.search(self._behind(at)) is not None
        return bool(self._last)

    def _mail_or_tag(self, at: int) -> _Step:
        found = signs.UNTIL_ANGLE.match(self._text, at + 1, at + MAX_MAIL)
        assert found is not None
        if self._is_open(at, found.end(), MAX_MAIL):
            return None
        end = found.end()
        if "@" in found[0] and self._text[end : end + 1] == ">" and self._addresses().may_write_to(found[0]):
            return self._text[at : end + 1], end + 1
        is_no_tag = self._last.isalnum() and signs.NO_TAG.match(self._text, at) is not None and "@" not in found[0]
        return ("<" if is_no_tag else "\\<"), at + 1

    def _autolink(self, at: int) -> _Step:
        found = signs.UNTIL_ANGLE.match(self._text, at + 1, at + MAX_ADDRESS)
        assert found is not None
        url, end = found[0], found.end() + 1
        if self._is_open(at, end - 1, MAX_ADDRESS) or (self._text[end - 1 : end] == ">" and self._is_open(at, end)):
            return None
        if self._text[end - 1 : end] == ">" and "`" not in url:
            if plain_part(f"{url}/") == f"{url}/".rstrip(TRAILING) and self._addresses().may_link(url):
                return self._text[at:end], end
            if self._may_write_code(self._text[end : end + 1]):
                return f"`{url}`", end
        return "\\<", at + 1

    def _may_write_code(self, behind: str) -> bool:
        """True where code that is written here is read as such, with this character behind it."""
        return self._is_sure and self._last not in ("`", "\\") and behind != "`"

    def _target(self, at: int, start: int) -> Target | None:
        return read_target(self._text, at, start, is_complete=self._is_complete)

    def _bracket(self, at: int) -> _Step:
        """The end of a text that may be a link's, or of a definition's name."""
        if self._is_open(at, at + 1):
            return None
        opener = self._text[at + 1 : at + 2]
        if not opener or opener not in "(:":
            return "]", at + 1
        target = self._target(at + 2, at)
        if target is None:
            return None
        if leads_nowhere_else(opener, target, self._addresses):
            return f"]{opener}", at + 2
        return f"] {opener}", at + 2

    def _image(self, at: int) -> _Step:
        found = signs.IMAGE.match(self._text, at, at + MAX_CODE)
        assert found is not None
        end = found.end()
        if self._is_open(at, end, MAX_CODE) or (self._text[end : end + 1] == "]" and self._is_open(at, end + 1)):
            return None
        if self._text[end : end + 2] == "](":
            target = self._target(end + 2, at)
            if target is None:
                return None
            url = target.url
            if target.behind == ")" and plain_part(url) == url.rstrip(TRAILING) and self._addresses().may_load(url):
                return self._text[at : end + 2], end + 2
        return signs.IMAGE_AS_TEXT, at + 2

    def _address(self, at: int, sign: str) -> _Step:
        """A URL that stands by itself, up to where readers might differ."""
        found = signs.RUN.match(self._text, at, at + MAX_ADDRESS)
        assert found is not None
        if self._is_open(at, found.end(), MAX_ADDRESS):
            return None
        start = sign.replace("\\", "")
        run, url = in_prose(found[0]), plain_part(start + found[0][len(sign) :])
        if len(run) <= len(sign):
            return sign, at + len(sign)
        is_plain = start == sign and start != "//"
        if is_plain and len(found[0]) < MAX_ADDRESS and self._addresses().may_link(run):
            return self._given(at, run, found[0][len(run) :])
        url = url if len(url) > len(start) else start
        end = at + len(url) + len(sign) - len(start)
        behind = self._text[end : end + 1]
        if is_plain and self._addresses().may_link(url):
            if self._is_behind_bracket and self._text.startswith("](", end):
                if (target := self._target(end + 2, at)) is None:
                    return None
                if target.behind == ")" and leads_nowhere_else("(", target, self._addresses):
                    return url, end
            return self._linked(url, behind), end
        return self._dead(url, behind), end

    def _given(self, at: int, url: str, tail: str) -> _Step:
        end = at + len(url)
        is_ended = signs.TAIL.fullmatch(tail) or plain_part(url) != url
        return (url if is_ended else self._linked(url, tail[:1])), end

    def _linked(self, url: str, behind: str) -> str:
        """The URL as a link that ends where it does."""
        is_whole = not url.lower().startswith("www.") and self._last != "\\"
        return f"<{url}>" if is_whole else self._dead(url, behind)

    def _dead(self, url: str, behind: str) -> str:
        """The URL as text that no reader makes a link of: as code, else with a space inside of it."""
        if self._may_write_code(behind):
            return f"`{url}`"
        return signs.BREAKS.sub(" ", url)


def guarded(text: str, addresses: Callable[[], Addresses]) -> str:
    """A whole text."""
    guard = LinkGuard(addresses)
    return guard.feed(text) + guard.finish()
