"""A thread that nobody ends would hold the interpreter for ever, after pytest's closing line: it is named instead."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback

PATIENCE = 20.0  # seconds for a thread that is about to end


def end_or_name_the_threads() -> None:
    """Return when every thread has ended or waits idly in a pool; else print where each stands, and exit with 3."""
    deadline = time.monotonic() + PATIENCE
    while (left := _still_working()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if not left:
        return
    for one in left:
        print(f"\nThe thread {one.name} never ended:", file=sys.__stderr__)
        traceback.print_stack(sys._current_frames().get(one.ident or 0), file=sys.__stderr__)
    sys.stdout.flush()
    sys.__stderr__.flush()
    os._exit(3)


def _still_working() -> list[threading.Thread]:
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and not one.daemon]
    return [one for one in others if not _is_idle(one)]


def _is_idle(thread: threading.Thread) -> bool:
    """A pool's thread between two pieces of work; the interpreter wakes and ends it by itself."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code.co_name == "_worker" and "concurrent" in frame.f_code.co_filename
