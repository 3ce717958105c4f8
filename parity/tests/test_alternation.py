"""Processes that take turns, here threads of one process: the word is what they share."""

import threading
from contextlib import closing

from parity.timing.alternation import Alternation, Word


def speak(address, name, said, times):
    word = Word(address)
    for number in range(times):
        said.append((name, number, "begins"))
        said.append((name, number, "ends"))
        word.pass_on()
    word.leave()


def test_they_speak_in_turns_and_never_at_once():
    said = []
    with closing(Alternation()) as alternation:
        first = Word(alternation.address)
        others = [threading.Thread(target=speak, args=(alternation.address, name, said, 3)) for name in "ab"]
        for other in others:
            other.start()
        assert said == []  # until the first passes the word on
        while len(alternation._line) < 3:
            pass
        for number in range(3):
            first.pass_on()
            assert len(said) == 4 * (number + 1)
        first.leave()
        for other in others:
            other.join()
    assert said[::2] == [(name, number, "begins") for number in range(3) for name in (said[0][0], said[2][0])]
    assert said[1::2] == [(name, number, "ends") for name, number, _ in said[::2]]


def test_one_that_ends_leaves_the_word_to_the_others():
    with closing(Alternation()) as alternation:
        first = Word(alternation.address)
        other = threading.Thread(target=speak, args=(alternation.address, "b", said := [], 1))
        other.start()
        first.leave()
        other.join()
    assert len(said) == 2


def test_nothing_is_left_of_one_that_is_closed():
    before = set(threading.enumerate())
    alternation = Alternation()
    (accepting,) = set(threading.enumerate()) - before
    alternation.close()
    assert not accepting.is_alive()
