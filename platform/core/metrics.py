"""What the house counts about itself, for `/metrics` (Prometheus text format)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
JOBS = Counter("engawa_jobs", "Jobs by name and outcome", ["job", "outcome"], registry=REGISTRY)
JOB_DELAY = Histogram("engawa_job_seconds", "Seconds a job ran", ["job"], registry=REGISTRY)
REQUESTS = Counter("engawa_requests", "Requests by method and status", ["method", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram("engawa_request_seconds", "Seconds a request took", ["method"], registry=REGISTRY)
LEFT = Counter("engawa_deliveries", "Messages that left, by channel and state", ["channel", "state"], registry=REGISTRY)
ARRIVED = Counter("engawa_arrivals", "Webhooks that arrived, by channel", ["channel"], registry=REGISTRY)


@lru_cache(maxsize=256)  # to find a counter by its labels costs more than to count
def _of_requests(method: str, status: int) -> tuple[Any, Any]:
    return REQUESTS.labels(method, str(status)), REQUEST_SECONDS.labels(method)


def count_request(method: str, status: int, seconds: float | None) -> None:
    """`seconds` is None for a stream, which ends when the reader goes."""
    requests, duration = _of_requests(method, status)
    requests.inc()
    if seconds is not None:
        duration.observe(seconds)
