"""`python -m parity`: the command, from a bare checkout."""

from parity.cli import main

if __name__ == "__main__":
    main()
