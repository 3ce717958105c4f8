"""`python -m parity.tests.mutants`: how many small faults does nothing see?"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from parity.task import UsageError
from parity.tests.mutants import accepted
from parity.tests.mutants.run import counted, mutants_in, run, sample_of


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 if every mutant is killed or listed, 1 if one survives, 2 for a list that is out of date."""
    asked = argparse.ArgumentParser(prog="python -m parity.tests.mutants", description=__doc__)
    asked.add_argument("files", nargs="*", help="these files or folders alone, as impl_torch/mlp.py")
    asked.add_argument("--all", action="store_true", help="every mutant, not a sample")
    asked.add_argument("--sample", type=int, default=200, help="how many (default: %(default)s)")
    asked.add_argument("--seed", type=int, default=0, help="which ones (default: %(default)s)")
    asked.add_argument("--quick", action="store_true", help="verdicts, and of the judge's tests the quick ones, alone")
    asked.add_argument("--timeout", type=float, default=60.0, help="seconds of work (default: %(default)s)")
    asked.add_argument("--results", type=Path, default=Path("results/mutants.jsonl"), help="where a run goes on")
    given = asked.parse_args(arguments)
    console = Console()
    try:
        every, entries = mutants_in(given.files), accepted.read()
        listed = accepted.verdicts_of(every, entries, complete=not given.files)
        if not every:
            raise UsageError(f"no mutant is in {', '.join(given.files)}")
        chosen = every if given.all or given.files else sample_of(every, given.sample, given.seed)
        verdicts = run(chosen, given.results, timeout=given.timeout, listed=listed, quick=given.quick)
        if given.all:
            accepted.refuse_seen(every, entries, verdicts)
    except UsageError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 2
    for mutant in chosen:
        if verdicts[mutant.key] == "survives":
            console.print(str(mutant), markup=False, highlight=False, soft_wrap=True)
    console.print(counted(chosen, verdicts))
    return int("survives" in verdicts.values())


if __name__ == "__main__":
    sys.exit(main())
