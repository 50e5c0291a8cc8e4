"""Each Apprise address gets a message once, whatever becomes of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import apprise
import pytest
from apprise.decorators import notify
from prefect.logging import disable_run_logger
from pydantic import SecretStr

from blocks.messengers import apprise_notifier
from blocks.messengers.apprise_notifier import AppriseNotifier
from tasks.frame import messages
from tasks.frame.messages import send_once
from tidegate.errors import TidegateError
from tidegate.facts import Message
from tidegate.ledger import Ledger

pytestmark = pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"
)  # Apprise's own import
NEWS = Message("released", "green", "v1 serves", "in prod")
UNKNOWN = "no-such-scheme://hunter2"


class Addresses:
    """`zzNAME://hunter2` fails as often as `failures` says; `got` counts what arrived."""

    def __init__(self) -> None:
        self.failures, self.asked, self.got = Counter[str](), Counter[str](), Counter[str]()
        self.slept = list[float]()

    def know(self, name: str, failures: int) -> str:
        self.failures[name] = failures
        notify(on=f"zz{name}")(self._taker(name))  # type: ignore[no-untyped-call]
        return f"zz{name}://hunter2"

    def _taker(self, name: str) -> Callable[..., bool]:
        def take(body: str, title: str, notify_type: str, *_: object, **__: object) -> bool:
            self.asked[name] += 1
            takes = self.asked[name] > self.failures[name]
            self.got[name] += takes
            return takes

        return take


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Addresses]:
    made = Addresses()
    for module in (messages, apprise_notifier):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=made.slept.append))
    with disable_run_logger():
        yield made
    for name in made.failures:
        plugins = apprise.manager_plugins.NotificationManager()  # type: ignore[no-untyped-call]
        plugins.remove(f"zz{name}")  # type: ignore[no-untyped-call]


def sent(ledger: Ledger, *urls: str) -> tuple[bool, str]:
    """Whether it was sent, and what stands in the ledger as the reason why not."""
    team = AppriseNotifier(urls=SecretStr("\n".join(urls)))
    send_once(ledger.messages, team, NEWS, key="a", channel="team")
    told = ledger.messages.begin(key="a", kind=NEWS.kind, channel="team")
    return told.sent_at is not None, told.error or ""


def test_a_broken_address_sends_the_others_nothing_twice(
    ledger: Ledger, addresses: Addresses
) -> None:
    good, gone = addresses.know("good", 0), addresses.know("gone", 99)
    is_sent, why = sent(ledger, good, gone)
    assert (is_sent, addresses.got) == (False, {"good": 1, "gone": 0})
    assert (addresses.asked["gone"], addresses.slept) == (3, [1, 3])
    assert "address 2 of 2 did not take it" in why
    assert "hunter2" not in why


def test_one_that_takes_it_later_is_tried_again_alone(ledger: Ledger, addresses: Addresses) -> None:
    late, good = addresses.know("late", 1), addresses.know("good", 0)
    assert sent(ledger, late, good) == (True, "")
    assert (addresses.got, addresses.slept) == ({"late": 1, "good": 1}, [1])


def test_where_nobody_has_it_all_are_tried_again(ledger: Ledger, addresses: Addresses) -> None:
    one, other = addresses.know("one", 1), addresses.know("other", 2)
    assert sent(ledger, one, other) == (True, "")
    assert addresses.got == {"one": 1, "other": 1}


def test_one_that_apprise_does_not_know_keeps_nothing_from_the_others(
    ledger: Ledger, addresses: Addresses
) -> None:
    is_sent, why = sent(ledger, UNKNOWN, addresses.know("good", 0))
    assert (is_sent, addresses.got, addresses.slept) == (False, {"good": 1}, [])
    assert "address 1 of 2 is not one that Apprise knows" in why
    assert "hunter2" not in why


@pytest.mark.parametrize("urls", ["", UNKNOWN])
def test_no_known_address_is_not_tried_again(urls: str) -> None:
    with pytest.raises(TidegateError) as raised:
        AppriseNotifier(urls=SecretStr(urls)).send(NEWS)
    assert not raised.value.retryable
