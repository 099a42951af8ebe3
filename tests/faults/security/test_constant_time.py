"""What callers give is compared with every secret value, in constant time, whatever matches; shown to be noticed."""

import hmac
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mms_gateway import authentication, credentials
from mms_gateway.errors import Unauthorized
from tests.faults.security.comparisons import comparisons
from tests.faults.security.forgeries import basic
from tests.faults.tally import Tallies
from tests.unit.test_credentials import SecretStore

KIND = "security: constant time"
TOKENS = ["t", "short", "a-token-of-usual-length-0123456789abcd", "x" * 500, "ünï/cødé %41"]
USER, PASSWORDS = "openmarket", ["one", "a longer password: with a colon", "zwölf"]

# What the two modules compare besides, and why that tells nothing of a secret to who calls.
HARMLESS = {
    "scheme.lower() != 'basic'": "a word of the caller's with a word that everybody knows",
    "':' in user": "reading the secret, before any caller is looked at",
    "':' in account_id": "reading the secret for the sender, where there is no caller",
    "began - self._looked_at < oldest": "times",
    "began >= self._as_of": "times",
    "self._clock() - self._looked_at < MAX_AGE": "times",
}
MODULES = {module.__name__: module for module in (authentication, credentials)}


class Recorder:
    """hmac for the module under test: what was compared with what."""

    def __init__(self) -> None:
        self.compared: list[tuple[object, object]] = []

    def compare_digest(self, given: Any, valid: Any) -> bool:
        self.compared.append((given, valid))
        return hmac.compare_digest(given, valid)


def secrets() -> Iterator[dict[str, object]]:
    """Secrets with one to five tokens in some orders, with and without Basic."""
    for count in range(1, len(TOKENS) + 1):
        for tokens in itertools.islice(itertools.permutations(TOKENS, count), 4):
            yield {"callbackTokens": list(tokens)}
            yield {"callbackTokens": list(tokens), "callbackUser": USER, "callbackPasswords": PASSWORDS}


def callers(secret: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Token, Authorization, and whether they open: each that matches, near misses, nothing."""
    tokens, asks = secret["callbackTokens"], "callbackUser" in secret
    words = [*PASSWORDS, "", "on", PASSWORDS[1] + "x", "ONE"]
    for token in [*tokens, "", tokens[0][:-1], tokens[-1] + "x", "n\ud83d", "%"]:
        for word in words if asks else [""]:
            yield token, basic(USER, word), token in tokens and (word in PASSWORDS or not asks)


def faults_of(module: Any) -> Iterator[str]:
    """What `is_authentic` of a module does otherwise than it must, over all secrets and callers."""
    for values in secrets():
        secret = module.read_secret(json.dumps({"accountId": "a", "password": "p", **values}))
        every = [*secret.tokens, *secret.tokens, *(secret.basic or ())]
        for token, authorization, opens in callers(values):
            module.hmac = recorder = Recorder()
            case = f"token {token[:40]!r}, {authorization!r} against {len(secret.tokens)} tokens"
            if module.is_authentic(secret, token=token, authorization=authorization) is not opens:
                yield f"{case}: opened is not {opens}"
            if sorted(one for _, one in recorder.compared if isinstance(one, bytes)) != sorted(every):
                yield f"{case}: compared {len(recorder.compared)} times, not with each of {len(every)}"
            if not all(type(each) is bytes for pair in recorder.compared for each in pair):
                yield f"{case}: compared something else than bytes"


def loaded(source: str) -> ModuleType:
    """The module that a source makes."""
    module = ModuleType("mms_gateway.seeded")
    exec(compile(source, "seeded.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - our own, changed
    return module


def source_of(module: ModuleType) -> str:
    assert module.__file__
    return Path(module.__file__).read_text()


def test_every_token_and_password_is_compared_on_every_call_whichever_matches(tallies: Tallies) -> None:
    with tallies.of(KIND) as tally:
        tally.cases += sum(len(list(callers(values))) for values in secrets())
        for fault in faults_of(loaded(source_of(authentication))):
            tally.breach("wrong", fault)


def test_the_door_itself_compares_so_before_it_lets_in_or_refuses(
    monkeypatch: pytest.MonkeyPatch, tallies: Tallies
) -> None:
    recorder = Recorder()
    monkeypatch.setattr(authentication, "hmac", recorder)
    door = credentials.Credentials(SecretStore(*TOKENS), "secret", warn=print)  # type: ignore[arg-type]
    with tallies.of(KIND) as tally:
        for token in [*TOKENS, "nobody's", TOKENS[2][:-1]]:
            tally.cases += 1
            recorder.compared.clear()
            try:
                door.authenticate(token=token, authorization=None)
            except Unauthorized:
                tally.expect(token not in TOKENS, "lost", f"{token[:40]!r} was refused")
            else:
                tally.expect(token in TOKENS, "wrong", f"{token[:40]!r} was let in")
            looks, rest = divmod(len(recorder.compared), 2 * len(TOKENS))
            tally.expect(looks and not rest, "wrong", f"{token[:40]!r}: compared {len(recorder.compared)} times")


@pytest.mark.parametrize("name", sorted(MODULES))
def test_nothing_else_compares_values_where_secrets_are_handled(name: str, tallies: Tallies) -> None:
    with tallies.of(KIND) as tally:
        for found in comparisons(source_of(MODULES[name])):
            tally.cases += 1
            tally.expect(found in HARMLESS, "wrong", f"{name} compares: {found}")


COMPARED = "[hmac.compare_digest(given, one) for one in valid]"
SEEDED = {
    "==": "[given == one for one in valid]",
    "!=": "[not given != one for one in valid]",
    "in": "[given in tuple(valid)]",
    "a set": "[bool({given} & set(valid))]",
    "count": "[list(valid).count(given) > 0]",
    "__eq__": "[given.__eq__(one) is True for one in valid]",
    "startswith": "[given.startswith(one) and len(given) == len(one) for one in valid]",
    "a match": "[__import__('re').fullmatch(__import__('re').escape(one), given) is not None for one in valid]",
    "the first that matches ends it": "(hmac.compare_digest(given, one) for one in valid)",
    "text": "[hmac.compare_digest(given.hex(), one.hex()) for one in valid]",
    "only those of its length": "[hmac.compare_digest(given, one) for one in valid if len(one) == len(given)]",
    "only the first": "[hmac.compare_digest(given, one) for one in list(valid)[:1]]",
    "their beginnings": "[hmac.compare_digest(given[:8], one[:8]) for one in valid]",
}
IN_THE_SOURCE = {"==", "!=", "in", "a set", "count", "__eq__", "startswith", "a match", "only those of its length"}


@pytest.mark.parametrize("seed", sorted(SEEDED))
def test_a_comparison_of_another_kind_would_be_noticed(seed: str, tallies: Tallies) -> None:
    source = source_of(authentication)
    assert source.count(COMPARED) == 1
    seeded = source.replace(COMPARED, SEEDED[seed])
    with tallies.of(KIND) as tally:
        tally.cases += 1
        tally.expect(any(faults_of(loaded(seeded))), "wrong", f"seeded {seed}: calls show nothing of it")
        if seed in IN_THE_SOURCE:
            strange = [found for found in comparisons(seeded) if found not in HARMLESS]
            tally.expect(strange, "wrong", f"seeded {seed}: the source shows nothing of it")


def test_a_shortcut_between_token_and_password_would_be_noticed(tallies: Tallies) -> None:
    whole = 'return _matches(_basic(authorization or ""), secret.basic) and knows_token'
    source = source_of(authentication)
    assert source.count(whole) == 1
    seeded = source.replace(whole, 'return knows_token and _matches(_basic(authorization or ""), secret.basic)')
    with tallies.of(KIND) as tally:
        tally.cases += 1
        tally.expect(any(faults_of(loaded(seeded))), "wrong", "a password that is not compared for a wrong token")
