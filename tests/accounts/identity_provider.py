"""An identity provider on paper: it signs tokens, publishes its keys, and counts who asks for them."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_curve_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from syrinx.accounts import JwtSettings, supabase_jwt

PROJECT = "https://abc.supabase.test"
USER = "6f1c0e0a-2f4b-4c57-9d6b-0a4f2d1b7c33"
PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey


def settings(**changes: Any) -> JwtSettings:
    return supabase_jwt(PROJECT, **changes)


def claims(**changes: Any) -> dict[str, Any]:
    """As Supabase has them; what is None is left out."""
    now = int(time.time())
    usual: dict[str, Any] = {
        "iss": f"{PROJECT}/auth/v1",
        "aud": "authenticated",
        "sub": USER,
        "iat": now,
        "exp": now + 3600,
        "role": "authenticated",
        "app_metadata": {"provider": "email"},
        "user_metadata": {"name": "Ann"},
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


class IdentityProvider:
    """Has one key, "first", for ES256."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[PrivateKey, str]] = {}
        self.add("first", new_curve_key(SECP256R1()), "ES256")
        self.asked: list[str] = []
        self.answer: httpx.Response | Exception | None = None
        """In place of the keys."""
        self.more: list[dict[str, Any]] = []
        """Beside the keys."""

    def add(self, key_id: str, key: PrivateKey, algorithm: str) -> None:
        self.keys[key_id] = (key, algorithm)

    def token(self, *, key_id: str | None = "first", head: dict[str, Any] | None = None, **changes: Any) -> str:
        key, algorithm = self.keys[key_id or "first"]
        named = {} if key_id is None else {"kid": key_id}
        return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=named | (head or {}))

    def published(self) -> dict[str, Any]:
        return {"keys": [*(jwk(key_id, key, algorithm) for key_id, (key, algorithm) in self.keys.items()), *self.more]}

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or httpx.Response(200, json=self.published())


def jwk(key_id: str, key: PrivateKey, algorithm: str) -> dict[str, Any]:
    written = {"ES256": ECAlgorithm, "RS256": RSAAlgorithm}.get(algorithm, OKPAlgorithm)
    public: Any = key.public_key()
    return json.loads(written.to_jwk(public)) | {"kid": key_id, "use": "sig", "alg": algorithm}


def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    return new_rsa_key(public_exponent=65537, key_size=bits)


def curve_key() -> EllipticCurvePrivateKey:
    return new_curve_key(SECP256R1())
