"""JWTs: whom a provider speaks for is let in, and nothing that somebody else could have written is believed."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import HMACAlgorithm
from tests.accounts.identity_provider import PROJECT, USER, IdentityProvider, claims, curve_key, jwk, rsa_key, settings

from syrinx.accounts import LOCAL_USER, PERSONAL_SCOPES, JwtSettings, is_user, supabase_jwt
from syrinx.accounts.json_web_tokens import JsonWebTokens
from syrinx.accounts.jwt_settings import LEEWAY_S
from syrinx.errors import ConfigurationError, Unauthorized

SECRET = "a secret of an older project, long enough"


@pytest.fixture
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def tokens(provider: IdentityProvider) -> JsonWebTokens:
    return JsonWebTokens(settings(), http=provider.http)


async def refused(tokens: JsonWebTokens, token: str) -> None:
    with pytest.raises(Unauthorized, match="not valid, or not any more"):
        await tokens.who(token)


async def test_a_person_signed_in_elsewhere_is_let_in(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    """ASVS 5.0 V9.1.1: the signature is checked before anything is believed."""
    caller = await tokens.who(provider.token())
    assert (caller.user, caller.how, caller.key_id, caller.scopes) == (USER, "jwt", "", PERSONAL_SCOPES)
    assert provider.asked == [f"{PROJECT}/auth/v1/.well-known/jwks.json"]


async def test_it_is_known_until_when_it_lets_in(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    ends = int(time.time()) + 600
    until = (await tokens.who(provider.token(exp=ends))).until
    assert until is not None
    assert until.timestamp() == ends + LEEWAY_S
    assert (await tokens.who(provider.token(exp=10**15))).until is None
    written = (await tokens.who(provider.token(exp=str(ends)))).until
    assert written == until


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
async def test_the_listed_algorithms_are_taken(
    provider: IdentityProvider, tokens: JsonWebTokens, algorithm: str
) -> None:
    provider.add("second", rsa_key() if algorithm == "RS256" else Ed25519PrivateKey.generate(), algorithm)
    assert (await tokens.who(provider.token(key_id="second"))).user == USER


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time() - LEEWAY_S - 60)},
        {"nbf": int(time.time() + LEEWAY_S + 600)},
        {"iat": int(time.time() + LEEWAY_S + 600)},
        {"exp": None},
        {"iat": None},
        {"iss": None},
        {"aud": None},
        {"sub": None},
        {"exp": "tomorrow"},
        {"iss": "https://evil.test/auth/v1"},
        {"iss": f"{PROJECT}/auth/v1/"},
        {"aud": "anon"},
        {"aud": ["service"]},
        {"sub": ""},
        {"sub": LOCAL_USER},
    ],
    ids=lambda claims: " ".join(f"{name} {type(value).__name__}" for name, value in claims.items()),  # no time in them
)
async def test_tokens_of_another_time_issuer_or_audience_are_refused(
    provider: IdentityProvider, tokens: JsonWebTokens, changes: dict[str, Any]
) -> None:
    """ASVS 5.0 V9.2.1 (time span), V9.2.3 (audience), V9.1.3 (issuer); nobody elsewhere is this server's own user."""
    await refused(tokens, provider.token(**changes))


async def test_clocks_may_differ_a_little(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    now = time.time()
    token = provider.token(exp=int(now - LEEWAY_S / 2), nbf=int(now + LEEWAY_S / 2), iat=int(now + LEEWAY_S / 2))
    assert (await tokens.who(token)).user == USER


def unsigned(head: dict[str, Any], **changes: Any) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, claims(**changes))]
    return b".".join([*parts, b""]).decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, "ES512", "PS256", "HS256"])
async def test_other_algorithms_are_refused_before_anybody_is_asked(
    provider: IdentityProvider, tokens: JsonWebTokens, algorithm: str | None
) -> None:
    """ASVS 5.0 V9.1.2: an allow-list of algorithms, without "none"."""
    await refused(tokens, unsigned({"alg": algorithm, "typ": "JWT", "kid": "first"}))
    assert provider.asked == []


async def test_a_public_key_is_no_secret(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    """ASVS 5.0 V9.1.2: no key confusion. The token is signed by HMAC with what everybody can read."""
    public = provider.keys["first"][0].public_key()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ):
        head = {"alg": "HS256", "typ": "JWT", "kid": "first"}
        parts = ".".join(unsigned(head).split(".")[:2])
        mac = HMACAlgorithm(HMACAlgorithm.SHA256)
        signature = base64.urlsafe_b64encode(mac.sign(parts.encode(), secret)).rstrip(b"=").decode()
        await refused(tokens, f"{parts}.{signature}")


async def test_a_secret_among_the_published_keys_is_not_used(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    """ASVS 5.0 V9.1.2."""
    written = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    provider.more = [{"kty": "oct", "kid": "shared", "alg": "HS256", "k": written}]
    await refused(tokens, jwt.encode(claims(), SECRET, algorithm="HS256", headers={"kid": "shared"}))


async def test_a_key_counts_for_its_own_algorithm_alone(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    provider.add("rsa", rsa_key(), "RS256")
    await refused(tokens, jwt.encode(claims(), curve_key(), algorithm="ES256", headers={"kid": "rsa"}))


async def test_a_key_for_something_else_than_signatures_is_not_used(
    provider: IdentityProvider, tokens: JsonWebTokens
) -> None:
    """ASVS 5.0 V9.2.2."""
    key = rsa_key()
    provider.more = [jwk("wrap", key, "RS256") | {"use": "enc"}]
    await refused(tokens, jwt.encode(claims(), key, algorithm="RS256", headers={"kid": "wrap"}))


async def test_short_keys_are_refused(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    """ASVS 5.0 V11.6: keys of the provider that can be computed by others prove nothing."""
    provider.add("short", rsa_key(1024), "RS256")
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = provider.token(key_id="short")
    await refused(tokens, token)


async def test_keys_that_a_token_brings_along_are_not_believed(
    provider: IdentityProvider, tokens: JsonWebTokens
) -> None:
    """ASVS 5.0 V9.1.3, V1.3.6: keys come from the configured address, whatever `jwk`, `jku` or `x5u` say."""
    own = curve_key()
    for head in (
        {"kid": "first", "jwk": jwk("first", own, "ES256")},
        {"kid": "first", "jku": "https://evil.test/keys.json"},
        {"kid": "first", "x5u": "https://evil.test/keys.pem"},
        {"kid": "../../evil"},
        {"kid": "https://evil.test/keys.json"},
    ):
        await refused(tokens, jwt.encode(claims(), own, algorithm="ES256", headers=head))
    assert set(provider.asked) == {f"{PROJECT}/auth/v1/.well-known/jwks.json"}


async def test_damaged_and_odd_tokens_are_refused(provider: IdentityProvider, tokens: JsonWebTokens) -> None:
    right = provider.token()
    head, body, signature = right.split(".")
    other = provider.token(sub="somebody-else").split(".")[1]
    odd = ["..", "a.b.c", f"{head}.{other}.{signature}", f"{head}.{body}.", right[:-2], right + "AA", "é.é.é"]
    odd += [provider.token(key_id=None), right + "." + right, f"{head}.{body}.{'A' * 20_000}"]
    odd += [provider.token(head={"crit": ["b64"], "b64": False})]
    for token in odd:
        await refused(tokens, token)


async def test_a_shared_secret_is_used_where_one_is_configured_and_then_nothing_else(
    provider: IdentityProvider,
) -> None:
    """ASVS 5.0 V9.1.2: symmetric and asymmetric algorithms are never taken together."""
    tokens = JsonWebTokens(settings(shared_secret=SECRET), http=provider.http)
    assert (await tokens.who(jwt.encode(claims(), SECRET, algorithm="HS256"))).user == USER
    await refused(tokens, provider.token())
    await refused(tokens, jwt.encode(claims(), 2 * SECRET, algorithm="HS512"))
    await refused(tokens, jwt.encode(claims(), SECRET + "x", algorithm="HS256"))
    await refused(tokens, unsigned({"alg": "none"}))
    assert provider.asked == []


@pytest.mark.parametrize(
    ("metadata", "scopes"),
    [
        ({"app_metadata": {"syrinx_scopes": ["speak"]}}, {"speak"}),
        ({"app_metadata": {"syrinx_scopes": ["admin", "speak"]}}, {"admin", "speak"}),
        ({"app_metadata": {"syrinx_scopes": ["speak", "root"]}}, {"speak"}),
        ({"app_metadata": {"syrinx_scopes": []}}, set[str]()),
        ({"app_metadata": {"syrinx_scopes": "admin"}}, set[str]()),
        ({"app_metadata": {"syrinx_scopes": None}}, set[str]()),
        ({"app_metadata": ["syrinx_scopes"]}, PERSONAL_SCOPES),
        ({"user_metadata": {"syrinx_scopes": ["admin"]}}, PERSONAL_SCOPES),
        ({"syrinx_scopes": ["admin"], "scope": "admin", "role": "service_role"}, PERSONAL_SCOPES),
    ],
    ids=str,
)
async def test_what_a_person_may_is_said_by_the_provider_and_never_by_themselves(
    provider: IdentityProvider, tokens: JsonWebTokens, metadata: dict[str, Any], scopes: set[str]
) -> None:
    """ASVS 5.0 V8.2.1, V8.3.1: `user_metadata` is what people write of themselves."""
    assert (await tokens.who(provider.token(**metadata))).scopes == scopes


async def test_every_subject_is_a_user_and_no_two_are_the_same(
    provider: IdentityProvider, tokens: JsonWebTokens
) -> None:
    subjects = [USER, "auth0|1", "auth0.1", "auth0/1", "Auth0|1", "ünï", "x" * 65, "jwt-" + "0" * 32]
    users = [(await tokens.who(provider.token(sub=subject))).user for subject in subjects]
    assert len(set(users)) == len(subjects)
    assert all(is_user(user) for user in users)
    impostor = (await tokens.who(provider.token(sub=users[1]))).user
    assert impostor != users[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": ""},
        {"audience": ""},
        {"jwks_url": "", "shared_secret": ""},
        {"shared_secret": SECRET},
        {"jwks_url": "", "shared_secret": "short"},
        {"jwks_url": "http://id.example/keys"},
        {"jwks_url": "ftp://id.example/keys"},
        {"jwks_url": "file:///etc/passwd"},
        {"jwks_url": "https://user:word@id.example/keys"},
        {"jwks_url": "https://[::1"},
    ],
    ids=str,
)
def test_settings_under_which_anybody_could_be_anybody_are_refused(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {
        "issuer": "https://id.example",
        "audience": "syrinx",
        "jwks_url": "https://id.example/keys",
    }
    JwtSettings(**right)
    with pytest.raises(ConfigurationError):
        JwtSettings(**(right | wrong))


def test_a_supabase_project_is_named_by_its_address_alone() -> None:
    found = supabase_jwt("https://abc.supabase.co/")
    assert (found.issuer, found.audience) == ("https://abc.supabase.co/auth/v1", "authenticated")
    assert found.jwks_url == "https://abc.supabase.co/auth/v1/.well-known/jwks.json"
    assert supabase_jwt("http://127.0.0.1:54321").jwks_url.startswith("http://127.0.0.1:54321/auth/v1/")
    assert supabase_jwt("https://abc.supabase.co", shared_secret=SECRET).jwks_url == ""
    with pytest.raises(ConfigurationError):
        supabase_jwt("http://abc.supabase.co", shared_secret=SECRET)
