"""Proving who somebody is: sign-in adapters, OpenID Connect, fresh confirmation, e-mail change."""
