# SPDX-License-Identifier: MIT
"""Why a program could not be started."""
from __future__ import annotations

import os
from typing import Any, Dict, Optional, Tuple

from . import _declarations as c
from ._library import Text, lib, text_of

_classes: Dict[type, type] = {}


class SpawnError(OSError):
    """A program could not be started. It is also the OSError that its errno stands for.

        try: sysfd.spawn(["/no/such"])
        except FileNotFoundError as error: print(error.step, error.text)

    `step` names what failed: "exec", "working_directory", ... `index` is that of the argument,
    `stage` that in a pipeline; otherwise they are -1. `text` is the error as a sentence.
    """

    step: str
    index: int
    stage: int
    text: str

    def __new__(cls, code: int, *details: Any) -> SpawnError:
        # OSError chooses its subclass by the errno value. This joins that class to SpawnError.
        if cls is SpawnError:
            base = type(OSError(code, ""))
            cls = SpawnError if base is OSError else _joined(base)
        made: SpawnError = OSError.__new__(cls, code, os.strerror(code))  # type: ignore[call-arg]
        return made

    def __init__(
        self,
        code: int,
        text: str,
        step: str = "",
        index: int = -1,
        stage: int = -1,
        filename: Optional[Text] = None,
    ) -> None:
        # __new__() has set the rest of an OSError.
        if filename is not None:
            self.filename = filename
        self.step, self.index, self.stage, self.text = step, index, stage, text

    def __str__(self) -> str:
        return f"[Errno {self.errno}] {self.text}"

    def __reduce__(self) -> Tuple[Any, ...]:
        details = self.errno, self.text, self.step, self.index, self.stage, self.filename
        return SpawnError, details


def _joined(base: type) -> type:
    if base not in _classes:
        _classes[base] = type("SpawnError", (SpawnError, base), {"__doc__": SpawnError.__doc__})
    return _classes[base]


def spawn_error(
    result: int, error: Optional[c.sysfd_spawn_error], filename: Optional[Text] = None
) -> SpawnError:
    if error is None or error.code == 0:
        return SpawnError(-result, os.strerror(-result), filename=filename)
    step = text_of(lib.sysfd_spawn_step_name, error.step)
    text = error.text.decode(errors="surrogateescape")
    return SpawnError(error.code, text, step, error.index, error.stage, filename)
