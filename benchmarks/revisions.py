"""The measured commits, each in a separate folder: your working tree stays unchanged."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from parity.task import UsageError

ROOT = Path(__file__).parent.parent


def git(*args: str) -> str:
    """git's output for this repository; UsageError with git's message if it fails."""
    done = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"git {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout.strip()


def refuse_dirty_tree() -> None:
    """Raise UsageError if a tracked file has uncommitted changes, since they would not be measured."""
    if changed := git("status", "--porcelain", "--untracked-files=no"):
        raise UsageError(f"the tree is dirty: commit or stash, since each result belongs to a commit\n{changed}")


def commit_of(revision: str) -> str:
    """A revision's full hash; UsageError if there is none."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except UsageError as error:
        raise UsageError(f"there is no revision {revision!r}; git log --oneline shows what there is") from error


def commits_of(span: str) -> list[str]:
    """The commits of a span `A..B`, oldest first; UsageError if it names none."""
    older, dots, newer = span.partition("..")
    if not dots:
        raise UsageError(f"{span!r} is not a span of commits; write A..B, A being the older")
    found = git("rev-list", "--reverse", f"{commit_of(older)}..{commit_of(newer or 'HEAD')}").split()
    if not found:
        raise UsageError(f"there is no commit in {span!r}; write A..B, A being the older")
    return found


@contextlib.contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """The commit's files in a folder of its name, while the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / commit[:12]
        git("worktree", "add", "--detach", "--quiet", str(path), commit)
        try:
            yield path
        finally:
            git("worktree", "remove", "--force", str(path))
