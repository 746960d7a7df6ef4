"""Writing edits: all files or none, and never over what somebody else has written meanwhile."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dbspecialist.facts.change import FileEdit
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.finding import Finding
from dbspecialist.facts.proof import Proof


@dataclass
class WrittenFiles:
    """The files below a project's folder that fixes were written into, with their rules."""

    root: Path
    rules: dict[Path, list[str]] = field(default_factory=dict)

    def write(
        self, findings: Iterable[Finding], originals: Mapping[str, bytes | None]
    ) -> tuple[Path, ...]:
        """Write the proven edits of findings' fixes and return the files.

        Args:
            findings: What was found; paths are relative to the root.
            originals: The files as they were when the edits were made.

        Raises:
            InputError: As `write_edits`.
        """
        fixing = [(item, edit) for item in findings for edit in _proven_edits(item)]
        texts = {edit.path: edit for _, edit in fixing}
        done = write_edits(self.root, list(texts.values()), originals)
        for finding, edit in fixing:
            self.rules.setdefault(self.root / edit.path, []).append(finding.rule)
        return done

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """One for each file, or why there is none."""
        if not self.rules:
            basis = "no finding has a fix that is proven as an edit of a file"
            return (Proof("files were written", "unchecked", basis),)
        return tuple(
            Proof(f"{_seen_from_here(file)} was written", "proven", _basis(self.rules[file]))
            for file in sorted(self.rules)
        )


def _proven_edits(finding: Finding) -> tuple[FileEdit, ...]:
    fix = finding.fix
    if fix is None or not fix.safe:
        return ()
    return tuple(edit for phase in fix.phases for edit in phase.edits)


def _basis(rules: list[str]) -> str:
    names = ", ".join(dict.fromkeys(rules))
    return f"it fixes {names}; it was run on the twin before"


def _seen_from_here(file: Path) -> str:
    here = Path.cwd()
    return str(file.resolve().relative_to(here) if file.resolve().is_relative_to(here) else file)


def write_edits(
    root: Path, edits: Sequence[FileEdit], originals: Mapping[str, bytes | None]
) -> tuple[Path, ...]:
    """Write edits below a folder and return the files.

    Args:
        root: The project's folder.
        edits: The new texts.
        originals: The files as they were when the edits were made; nothing for new ones.

    Raises:
        InputError: When a file lies outside the folder, has changed or cannot be written; then
            no file is changed.
    """
    texts = {_inside(root, edit.path): edit for edit in edits}
    for file, edit in texts.items():
        if _read(file) != originals.get(edit.path):
            raise InputError("the file has changed since it was read", str(file), "run it again")
    with contextlib.ExitStack() as stack:
        drafts = {file: _draft(file, edit.text, stack) for file, edit in texts.items()}
        with _taken_back(originals, texts):
            for file, draft in drafts.items():
                draft.replace(file)
    return tuple(texts)


def _inside(root: Path, path: str) -> Path:
    file = (root / path).resolve()
    if not file.is_relative_to(root.resolve()):
        raise InputError("the file lies outside the project", path, "change it by hand")
    return file


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _draft(file: Path, text: str, stack: contextlib.ExitStack) -> Path:
    """Write a text beside its file, from where it is moved in one step."""
    try:
        for folder in reversed([item for item in file.parents if not item.exists()]):
            folder.mkdir()
            stack.callback(_remove_empty, folder)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        draft = Path(name)
        stack.callback(draft.unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as opened:
            opened.write(text.encode())
        if file.exists():
            shutil.copymode(file, draft)
        else:
            draft.chmod(0o666 & ~_umask())
    except OSError as error:
        raise InputError(str(error.strerror), str(file), "check its rights") from error
    return draft


@contextlib.contextmanager
def _taken_back(
    originals: Mapping[str, bytes | None], texts: Mapping[Path, FileEdit]
) -> Iterator[None]:
    """Put every file back as it was where one of them cannot be written."""
    try:
        yield
    except OSError as error:
        for file, edit in texts.items():
            before = originals.get(edit.path)
            if before is None:
                file.unlink(missing_ok=True)
            elif _read(file) != before:
                file.write_bytes(before)
        raise InputError(str(error.strerror), str(error.filename), "check its rights") from error


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
