from community_house import asker, board, csm, helper  # noqa: F401
