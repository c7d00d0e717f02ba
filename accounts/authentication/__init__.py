"""Signing in: adapters of allauth, OpenID Connect, fresh confirmation, e-mail change."""
