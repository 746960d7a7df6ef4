"""Two things at once: a call that runs in a thread of its own while the block goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@contextmanager
def meanwhile(
    call: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Iterator[Future[Result]]:
    """Start a call and give its future; the block's end waits for it, an error in it does not.

    After an error whatever the call uses is closed by those who opened it, which ends the call.
    """
    executor = ThreadPoolExecutor(1)
    try:
        yield executor.submit(call, *args, **kwargs)
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()
