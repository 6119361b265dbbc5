"""Why an identity provider's word is not taken: for the administrator's page, never for whoever signs in."""


class Problem(Exception):
    pass
