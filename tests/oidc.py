"""A small OpenID Connect provider on loopback: discovery, authorize, token, keys, sign out.

It asks nobody for a password: its page offers each of its people as a link. ``broken`` makes the
exchange of the code fail.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "gestalt", "only-the-provider-knows"


class Provider:
    """The provider while it runs. people : name -> claims beside the subject."""

    def __init__(self, people: dict[str, dict]):
        self.people, self.broken = people, False
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def metadata(self) -> str:
        """The address of the discovery document."""
        return f"{self.url}/.well-known/openid-configuration"

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()

    def discovery(self) -> dict:
        """What the discovery document says."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def token(self, form: dict[str, str], sent: str) -> tuple[int, dict]:
        """The answer to a code, which counts once and for who began with it."""
        begun = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        mine = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        right = sent == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.broken or begun is None or not right or mine != begun["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": begun["who"], "iat": now, "exp": now + 300,
            "nonce": begun["nonce"], "name": begun["who"], **self.people[begun["who"]],
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)
        return 200, {"access_token": secrets.token_hex(8), "token_type": "Bearer",
                     "expires_in": 300, "id_token": signed}  # fmt: skip


def _handler(provider: Provider):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            asked = {k: v[0] for k, v in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                return self.json(200, provider.discovery())
            if parts.path == "/keys":
                return self.json(200, {"keys": [provider.key.as_dict(private=False)]})
            if parts.path == "/authorize":
                links = [
                    f'<p><a href="/pick?{urlencode({**asked, "who": who})}">{who}</a></p>'
                    for who in provider.people
                ]
                return self.answer(200, "<h1>Who are you?</h1>" + "".join(links))
            if parts.path == "/pick":
                code = secrets.token_hex(8)
                provider.codes[code] = asked
                back = {"code": code, "state": asked["state"]}
                return self.go(f"{asked['redirect_uri']}?{urlencode(back)}")
            if parts.path == "/end":
                return self.go(asked["post_logout_redirect_uri"])
            return self.answer(404, "")

        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            self.json(*provider.token(form, self.headers.get("authorization", "")))

        def answer(self, status, text, kind="text/html"):
            self.send_response(status)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def json(self, status, value):
            self.answer(status, json.dumps(value), "application/json")

        def go(self, address):
            self.send_response(302)
            self.send_header("location", address)
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler
