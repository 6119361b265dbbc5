"""Who is at the door: sign-in, sessions, roles and grants, and the pages where staff look after the installation."""
