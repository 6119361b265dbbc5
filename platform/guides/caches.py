"""What a process remembers of guides: which are live, who is in their segments, the product's secret."""

from __future__ import annotations


def forget_all() -> None:
    from guides import hosts, published, script

    published.forget()
    hosts.forget()
    script.forget()
