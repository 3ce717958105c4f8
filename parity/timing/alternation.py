"""Processes that take turns: one works while the others wait, each for as long as it keeps the word."""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Client, Connection, Listener


class Alternation:
    """Gives the word to one process after another, in the order in which they ask; one that ends gives it back."""

    def __init__(self) -> None:
        self._listener, self._closed = Listener(), False
        self._line: deque[object] = deque()
        self._moved = threading.Condition()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def address(self) -> str:
        """What a process needs to take part."""
        return str(self._listener.address)

    def close(self) -> None:
        """Let nobody else take part."""
        self._closed = True
        Client(self.address).close()  # wakes the thread that waits for somebody
        self._accepting.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            process = self._listener.accept()
            if self._closed:
                return process.close()
            threading.Thread(target=self._serve, args=(process,), daemon=True).start()

    def _serve(self, process: Connection) -> None:
        with contextlib.suppress(EOFError, OSError), process:  # the process has ended
            while True:
                with self._turn():
                    process.send("yours")
                    process.recv()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        me = object()
        with self._moved:
            self._line.append(me)
            self._moved.wait_for(lambda: self._line[0] is me)
        try:
            yield
        finally:
            with self._moved:
                self._line.popleft()
                self._moved.notify_all()


class Word:
    """A process's part in an alternation: created when it may work, and passed on when others may."""

    def __init__(self, address: str) -> None:
        self._parent = Client(address)
        self._parent.recv()

    def pass_on(self) -> None:
        """Let each other process work, and wait until the word is back."""
        self._parent.send("over")
        self._parent.recv()

    def leave(self) -> None:
        """Pass the word on for good."""
        self._parent.close()
