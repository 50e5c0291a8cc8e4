"""The wording of messages and of the release record: one table per language, with the same keys and
fields."""

from tidegate.pages.texts.en import TEXTS as EN
from tidegate.pages.texts.zh import TEXTS as ZH

TEXTS: dict[str, dict[str, str]] = {"zh": ZH, "en": EN}
