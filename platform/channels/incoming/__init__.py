"""Mail that comes in: a listener and a mailbox that is looked into, kept before it is acknowledged, then sorted."""
