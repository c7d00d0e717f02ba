"""A company's OpenID Connect server: what it says is checked before anything believes it.

allauth asks the server; what it leaves open is closed here: an answer without an ID token or with
one for another client, metadata of another issuer, and claims of another kind than the standard
says. No nonce is sent: with the code flow, PKCE ties the answer to the question.
"""

from collections.abc import Mapping
from typing import Any, Final

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse

#: The server's name in addresses and in stored connections; there is one.
COMPANY: Final = "company"
#: No subject is longer; the standard allows 255, the table that allauth keeps them in 191.
LONGEST_SUBJECT: Final = 191
_WELL_KNOWN: Final = "/.well-known/"
_NEEDED: Final = ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint")

Claims = Mapping[str, Any]


class UnprovenError(OAuth2Error):
    """What the server answered does not prove who came; the message says why, for the log."""


class CompanyServer(OpenIDConnectOAuth2Adapter):
    """Asks the company's server, and refuses answers that are not whole."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return the server's metadata. Raise `UnprovenError` if they are another issuer's."""
        if not hasattr(self, "_openid_config"):
            provider = self.get_provider()
            with get_adapter().get_requests_session() as session:
                answer = session.get(provider.server_url)
                answer.raise_for_status()
                config = answer.json()
            check_metadata(config, str(provider.app.settings["server_url"]))
            self._openid_config = config
        found: dict[str, Any] = self._openid_config
        return found

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the server gives for the code. Raise `OAuth2Error`."""
        try:
            return super().get_access_token_data(*args, **kwargs)
        except (KeyError, TypeError, ValueError) as error:
            raise UnprovenError("The answer to the code cannot be read.") from error

    def parse_token(self, data: Any) -> SocialToken:
        """Return the access token, which asks for userinfo once and is not stored."""
        token = data.get("access_token") if isinstance(data, dict) else None
        if not _is_text(token):
            raise UnprovenError("There is no access token.")
        return SocialToken(token=token)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Return who came. Raise `UnprovenError` for an answer that does not prove it."""
        id_token = kwargs["response"].get("id_token")
        if not _is_text(id_token):
            raise UnprovenError("There is no ID token.")
        try:
            identity = self._decode_id_token(app, id_token)
        except (TypeError, ValueError) as error:
            raise UnprovenError("The ID token cannot be read.") from error
        check_identity(identity, client=app.client_id)
        person = self._fetch_user_info(token.token)
        check_person(person, identity)
        check_issuer_of_connection(identity)
        return self.get_provider().sociallogin_from_response(request, kept(person, identity))


def send(request: HttpRequest, **data: Any) -> HttpResponse:
    """Send a browser to the server; `data` is kept in its session and comes back with it."""
    provider = CompanyServer(request, COMPANY).get_provider()
    provider.oauth2_adapter_class = CompanyServer
    next_url = get_next_redirect_url(request)
    sent: HttpResponse = provider.redirect(request, "login", next_url=next_url, data=data)
    return sent


def receive(request: HttpRequest) -> HttpResponse:
    """Take a browser back, and the person who came with it in."""
    view = OAuth2CallbackView.adapter_view(CompanyServer(request, COMPANY))
    answer: HttpResponse = view(request)
    return answer


def check_metadata(config: Any, address: str) -> None:
    """Raise `UnprovenError` unless metadata are of the issuer whose address is set up."""
    if not isinstance(config, dict) or not all(_is_text(config.get(name)) for name in _NEEDED):
        raise UnprovenError("The metadata are not whole.")
    if config["issuer"].rstrip("/") != address.partition(_WELL_KNOWN)[0].rstrip("/"):
        raise UnprovenError("The metadata name another issuer than the address that is set up.")


def check_identity(identity: Claims, *, client: str) -> None:
    """Raise `UnprovenError` unless an ID token names a person, to this client, for a time.

    Its issuer and audience, and its expiry if it has one, were checked when it was decoded.
    """
    subject = identity.get("sub")
    if not _is_text(subject) or len(str(subject)) > LONGEST_SUBJECT:
        raise UnprovenError("The ID token names nobody.")
    if "exp" not in identity:
        raise UnprovenError("The ID token has no end.")
    audience, party = identity.get("aud"), identity.get("azp")
    if party is None and isinstance(audience, list) and len(audience) > 1:
        raise UnprovenError("The ID token is for several clients and does not say for which.")
    if party is not None and party != client:
        raise UnprovenError("The ID token was made for another client.")


def check_person(person: Any, identity: Claims) -> None:
    """Raise `UnprovenError` unless userinfo is about the ID token's subject, as it has to be."""
    if not isinstance(person, dict) or person.get("sub") != identity["sub"]:
        raise UnprovenError("Userinfo is about somebody else than the ID token.")


def check_issuer_of_connection(identity: Claims) -> None:
    """Raise `UnprovenError` if the subject is connected as another issuer's: numbers repeat."""
    stored = SocialAccount.objects.filter(provider=COMPANY, uid=identity["sub"]).first()
    if stored is not None and issuer_of(stored) not in {"", identity["iss"]}:
        raise UnprovenError("The connection is with another issuer.")


def issuer_of(connection: SocialAccount) -> str:
    """Return whose number a connection holds, as its newest sign-in said; nothing if it did not."""
    told = connection.extra_data.get("id_token")
    return str(told.get("iss", "")) if isinstance(told, dict) else ""


def kept(person: Claims, identity: Claims) -> dict[str, dict[str, Any]]:
    """Return the claims that are used, each of its own kind; all others are forgotten."""
    email = person.get("email")
    return {
        "userinfo": {
            "sub": identity["sub"],
            "email": email if _is_text(email) else None,
            "email_verified": is_confirmed(person.get("email_verified")),
        },
        "id_token": {"iss": identity["iss"]},
    }


def is_confirmed(claim: object) -> bool:
    """Whether a server vouches for an address: JSON's true, or the very text that Cognito sends."""
    return claim is True or claim == "true"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
