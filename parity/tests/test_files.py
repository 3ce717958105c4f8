"""Files are written completely or not at all, and only a regular file is replaced."""

import os
import stat
import threading
from pathlib import Path

import pytest

from parity import UsageError
from parity.files import WholeFile


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text("old")
    path.chmod(0o640)
    file = WholeFile(path)
    assert path.read_text() == "old"
    file.write("new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o640)
    assert [p.name for p in tmp_path.iterdir()] == ["rows.json"]


def test_a_new_file_has_the_mode_of_open(tmp_path):
    WholeFile(tmp_path / "ours").write(b"1")
    (tmp_path / "opens").write_bytes(b"1")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "opens").stat().st_mode


def test_a_link_stays_and_its_target_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "there" / "rows.json")
    WholeFile(link).write("new")
    assert link.is_symlink()
    assert (tmp_path / "there" / "rows.json").read_text() == "new"


def test_a_fifo_is_written_to(tmp_path):
    path, read = tmp_path / "fifo", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    WholeFile(path).write("rows")
    reader.join(10)
    assert read == ["rows"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_device_is_written_to_and_a_full_one_is_named():
    WholeFile(Path("/dev/null")).write("rows")
    with pytest.raises(UsageError, match="/dev/full cannot be written: No space left"):
        WholeFile(Path("/dev/full")).write("rows")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_dash_is_standard_output(capsysbinary):
    WholeFile(Path("-")).write("rows\n")
    assert capsysbinary.readouterr().out == b"rows\n"


@pytest.mark.parametrize(("path", "message"), [("nowhere/rows.json", "No such file"), (".", "is a folder")])
def test_an_unwritable_path_is_refused_before_the_work(tmp_path, path, message):
    with pytest.raises(UsageError, match=message):
        WholeFile(tmp_path / path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "rows.json"
    path.write_text("old")
    file = WholeFile(path)

    def full(handle, mode):
        os.close(handle)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("parity.files.os.fdopen", full)
    with pytest.raises(UsageError, match="No space left"):
        file.write("new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["rows.json"]
