"""The wording of messages and of the release record: one table per language, with the same keys and fields."""

from tidegate.texts.en import TEXTS as EN
from tidegate.texts.zh import TEXTS as ZH

TEXTS: dict[str, dict[str, str]] = {"zh": ZH, "en": EN}
