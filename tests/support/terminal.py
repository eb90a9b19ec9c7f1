"""A program in a terminal of its own, as a person sees it."""

from __future__ import annotations

import os
import signal
import time

import pexpect
import pyte

ENTER, ESC, UP, DOWN, CTRL_C, CTRL_D, ERASE = "\r", "\x1b", "\x1b[A", "\x1b[B", "\x03", "\x04", "\x15"


class Terminal:
    """`command` running in a terminal; everything it writes is drawn on `screen`."""

    def __init__(self, *command: object, columns: int = 80, lines: int = 50, **environment: str) -> None:
        """Start the command; `environment` is added to this process's own."""
        self.screen = pyte.HistoryScreen(columns, lines)
        self.raw = ""
        self._stream = pyte.Stream(self.screen)
        program, *arguments = map(str, command)
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(lines), **environment}
        self._child = pexpect.spawn(
            program,
            arguments,
            env=env,
            dimensions=(lines, columns),
            encoding="utf-8",
            timeout=1,
            preexec_fn=_heed_interrupts,
        )
        self._child.delaybeforesend = None
        # A program asks where the cursor is, and waits for the answer.
        self.screen.write_process_input = self._child.send

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).strip()

    def press(self, *keys: str) -> None:
        """Type the keys."""
        for key in keys:
            self._child.send(key)

    def see(self, *texts: str, seconds: float = 60) -> None:
        """Return as soon as all `texts` are on the screen, however they are wrapped; fail with the screen if not."""
        deadline = time.monotonic() + seconds
        while missing := [text for text in texts if _squeezed(text) not in _squeezed(self.text)]:
            assert self._draw(), f"ended without {missing}:\n{self.text}"
            assert time.monotonic() < deadline, f"waited {seconds} s for {missing}:\n{self.text}"

    def end(self, seconds: float = 60) -> int:
        """Wait for the program's end and return its exit code; fail with the screen if it goes on."""
        deadline = time.monotonic() + seconds
        while self._draw():
            assert time.monotonic() < deadline, f"did not end in {seconds} s:\n{self.text}"
        self._child.close()
        return self._child.exitstatus

    def _draw(self) -> bool:
        """Draw what was written since; return whether more may come."""
        try:
            written = self._child.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += written
        self._stream.feed(written)
        return True


def _heed_interrupts() -> None:
    """Undo what a shell does to programs that it starts in the background: these ignore Ctrl-C, and so do theirs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _squeezed(text: str) -> str:
    return "".join(text.split())
