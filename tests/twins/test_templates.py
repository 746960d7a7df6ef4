"""What servers are copied from: made once, and nothing is left where that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbspecialist.facts.errors import InputError
from dbspecialist.twins.installation import cache_folder
from dbspecialist.twins.templates import server_folder, template_folder


def test_folder_that_cannot_be_kept_is_told_in_one_line() -> None:
    with pytest.raises(InputError) as caught:
        template_folder("template.lock/one", "mkdir", lambda data: ["mkdir", str(data)])
    assert str(caught.value) == (
        f"{cache_folder()}/template.lock/one: no room for what servers are copied from"
        " (Not a directory); free 256 MiB there"
    )


def test_program_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(InputError, match=r"listing failed: .*no-such-file.*; free 256 MiB"):
        template_folder("never", "listing", lambda _: ["ls", "no-such-file"])
    assert not (cache_folder() / "never").exists()


def test_folder_that_cannot_be_filled_goes() -> None:
    made: list[Path] = []
    with (
        pytest.raises(InputError, match=r"no room for a twin \(No such file or directory\)"),
        server_folder("t") as folder,
    ):
        made.append(folder)
        (folder / "absent" / "data").write_text("x")
    assert [folder.exists() for folder in made] == [False]
