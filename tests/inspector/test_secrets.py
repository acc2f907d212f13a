"""What is not for others to see."""

from __future__ import annotations

import pytest

from inspector.secrets import MASK, is_secret, is_secret_parameter, mask, mask_url

SECRET = ["Authorization", "proxy-authorization", "Cookie", "Set-Cookie", "X-Api-Key", "apikey", "X_API_KEY"]
SECRET += ["X-Auth-Token", "X-CSRF-Token", "X-Amz-Security-Token", "Private-Token", "X-Session-Id", "X-Client-Secret"]
PUBLIC = ["Host", "Accept", "Content-Type", "Sec-WebSocket-Key", "X-Request-Id", "WWW-Authenticate", "Authority", "Key"]


@pytest.mark.parametrize("name", SECRET)
def test_secret_names(name):
    assert is_secret(name)
    assert "s3cret" not in mask([(name, "s3cret")])[0][1]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names(name):
    assert mask([(name, "value")]) == [(name, "value")]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer abc.def", f"Bearer {MASK}"),
        ("authorization", "abc", MASK),
        ("Proxy-Authorization", "Basic YTpi", f"Basic {MASK}"),
        ("Cookie", "sid=abc; theme=dark", f"sid={MASK}; theme={MASK}"),
        ("Cookie", "abc", MASK),
        ("Set-Cookie", "sid=abc; Path=/; HttpOnly", f"sid={MASK}; Path=/; HttpOnly"),
        ("Set-Cookie", "sid=abc", f"sid={MASK}"),
        ("X-Api-Key", "abc", MASK),
    ],
)
def test_what_is_left_of_them(name, value, shown):
    assert mask([(name, value)]) == [(name, shown)]


PARAMETERS = ["token", "access_token", "api_key", "apikey", "key", "password", "passwd", "secret", "client_secret"]
PARAMETERS += ["signature", "X-Amz-Signature", "code", "sessionid", "jwt", "AWSAccessKeyId"[:-2]]


@pytest.mark.parametrize("name", PARAMETERS)
def test_secret_parameters(name):
    assert is_secret_parameter(name)


@pytest.mark.parametrize("name", ["q", "page", "keyword", "zipcode", "id", "sort_key"])
def test_public_parameters(name):
    assert not is_secret_parameter(name)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/token=1", "/token=1"),
        ("/?a=%20&b;t%6fken=x#f", f"/?a=%20&b;t%6fken={MASK}#f"),
        ("http://x/?key=&code=a=b&token", f"http://x/?key=&code={MASK}&token"),
    ],
)
def test_urls(url, shown):
    assert mask_url(url) == shown
    assert mask([("Location", url)]) == [("Location", shown)]
