"""Pages about people: sign-in, profile, members, invitations, sessions."""
