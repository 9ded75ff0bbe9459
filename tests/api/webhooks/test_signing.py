"""The Standard Webhooks scheme, by its published example and by an independent verification."""

from __future__ import annotations

import base64
import hashlib
import hmac

from api.webhooks.signing import headers, new_secret, signature, written

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_the_published_example() -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    assert written(key) == SECRET
    assert (
        signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_every_secret_that_is_good_signs() -> None:
    old, new = new_secret(), new_secret()
    told = headers([new, old], "evt_7", 1700000000, BODY)
    assert (told["webhook-id"], told["webhook-timestamp"]) == ("evt_7", "1700000000")
    for key, one in zip((new, old), told["webhook-signature"].split(" "), strict=True):
        made = hmac.new(key, b"evt_7.1700000000." + BODY, hashlib.sha256).digest()
        assert one == "v1," + base64.b64encode(made).decode()


def test_secrets_are_fresh_and_long() -> None:
    assert len(new_secret()) == 32
    assert new_secret() != new_secret()
