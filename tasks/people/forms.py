"""The forms of the Prefect UI's Resume dialog, in both languages.

The server checks an answer against a form before the run goes on: what is missing is marked in the
dialog, and what was typed stays there.
"""

from __future__ import annotations

from typing import Any, Literal

from prefect.input import RunInput
from pydantic import ConfigDict, Field, create_model

Decision = Literal["approve", "reject"]
MOST_NAME, MOST_REASON = 100, 2_000
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
NAME = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s][^{_CONTROLS}]*$"
"""One line with at least one sign that is seen: 王 is a name."""
WORDS = r"\S"


def _ask_for_all(schema: dict[str, Any]) -> None:
    """Every field is asked for, and an approval needs every switch on."""
    fields: dict[str, dict[str, Any]] = schema["properties"]
    switches = [name for name, field in fields.items() if field.get("type") == "boolean"]
    approved = {"properties": {"decision": {"const": "approve"}}, "required": ["decision"]}
    schema["required"] = [*fields]
    schema["allOf"] = [
        {"if": approved, "then": {"properties": {name: {"const": True} for name in switches}}}
    ]


class FormBase(RunInput):
    """What all forms have in common."""

    model_config = ConfigDict(json_schema_extra=_ask_for_all)


class AcceptanceEn(FormBase):
    """The form in the Prefect UI's Resume dialog."""

    decision: Decision = Field(title="Read this, then decide")
    approver: str = Field(title="Your name", min_length=1, max_length=MOST_NAME, pattern=NAME)
    reason: str = Field(
        title="Reason",
        description="What you tried, and why you decide so.",
        min_length=1,
        max_length=MOST_REASON,
        pattern=WORDS,
    )
    as_required: bool = Field(
        False,
        title="Checklist 1: it does what was asked for",
        description="Switch on what you have seen yourself. All six are needed "
        "to approve, none to reject.",
    )
    looks_good: bool = Field(False, title="Checklist 2: the pages look good and are easy to use")
    flows_well: bool = Field(False, title="Checklist 3: the steps run smoothly")
    no_bugs: bool = Field(False, title="Checklist 4: no obvious bugs")
    fast_enough: bool = Field(False, title="Checklist 5: pages load fast enough")
    in_sync: bool = Field(
        False, title="Checklist 6: data is the same on both surfaces (where that applies)"
    )


class AcceptanceZh(FormBase):
    """Prefect 界面“Resume”对话框中的表单。"""

    decision: Decision = Field(title="请阅读后决定")
    approver: str = Field(title="验收人姓名", min_length=1, max_length=MOST_NAME, pattern=NAME)
    reason: str = Field(
        title="理由",
        description="您验收了什么，为什么这样决定。",
        min_length=1,
        max_length=MOST_REASON,
        pattern=WORDS,
    )
    as_required: bool = Field(
        False,
        title="验收清单 1：功能按照需求实现",
        description="请打开您已亲自确认的项。批准需六项全部确认，拒绝则不需要。",
    )
    looks_good: bool = Field(False, title="验收清单 2：界面美观、易用")
    flows_well: bool = Field(False, title="验收清单 3：操作流程顺畅")
    no_bugs: bool = Field(False, title="验收清单 4：没有明显的 bug")
    fast_enough: bool = Field(False, title="验收清单 5：性能可接受（加载速度）")
    in_sync: bool = Field(False, title="验收清单 6：两个界面的数据同步（如适用）")


class RestoreEn(FormBase):
    """The same for a restore, which overwrites what people have written."""

    decision: Decision = Field(title="Read this, then decide")
    approver: str = Field(title="Your name", min_length=1, max_length=MOST_NAME, pattern=NAME)
    reason: str = Field(
        title="Reason",
        description="Why the data must go back, and who knows of it.",
        min_length=1,
        max_length=MOST_REASON,
        pattern=WORDS,
    )
    loss_is_known: bool = Field(
        False,
        title="Known 1: what was written since the backup is taken away",
        description="Switch on both to approve; to reject, none is needed.",
    )
    interruption_is_known: bool = Field(False, title="Known 2: nobody is served while it lasts")


class RestoreZh(FormBase):
    """恢复数据的表单：会覆盖备份之后写入的内容。"""

    decision: Decision = Field(title="请阅读后决定")
    approver: str = Field(title="批准人姓名", min_length=1, max_length=MOST_NAME, pattern=NAME)
    reason: str = Field(
        title="理由",
        description="为什么必须恢复数据，已通知哪些人。",
        min_length=1,
        max_length=MOST_REASON,
        pattern=WORDS,
    )
    loss_is_known: bool = Field(
        False,
        title="确认 1：备份之后写入的数据会被移除",
        description="批准需打开这两项，拒绝则不需要。",
    )
    interruption_is_known: bool = Field(False, title="确认 2：恢复期间服务会中断")


class BaseEn(FormBase):
    """The same for base services that are made anew, such as a database."""

    decision: Decision = Field(title="Read this, then decide")
    approver: str = Field(title="Your name", min_length=1, max_length=MOST_NAME, pattern=NAME)
    reason: str = Field(
        title="Reason",
        description="Why now, and who knows of it.",
        min_length=1,
        max_length=MOST_REASON,
        pattern=WORDS,
    )
    change_is_known: bool = Field(
        False,
        title="Known 1: these services are made anew with what differs",
        description="Switch on both to approve; to reject, none is needed.",
    )
    interruption_is_known: bool = Field(
        False, title="Known 2: how long people wait, as the page says"
    )


class BaseZh(FormBase):
    """基础服务（如数据库）变更的表单。"""

    decision: Decision = Field(title="请阅读后决定")
    approver: str = Field(title="批准人姓名", min_length=1, max_length=MOST_NAME, pattern=NAME)
    reason: str = Field(
        title="理由",
        description="为什么现在变更，已通知哪些人。",
        min_length=1,
        max_length=MOST_REASON,
        pattern=WORDS,
    )
    change_is_known: bool = Field(
        False,
        title="确认 1：这些服务将按变更内容重建",
        description="批准需打开这两项，拒绝则不需要。",
    )
    interruption_is_known: bool = Field(False, title="确认 2：服务中断的时间，见依据页面")


Form = (
    type[AcceptanceEn]
    | type[AcceptanceZh]
    | type[RestoreEn]
    | type[RestoreZh]
    | type[BaseEn]
    | type[BaseZh]
)
ACCEPTANCE: dict[str, Form] = {"en": AcceptanceEn, "zh": AcceptanceZh}
RESTORE: dict[str, Form] = {"en": RestoreEn, "zh": RestoreZh}
CHECKLIST = ("as_required", "looks_good", "flows_well", "no_bugs", "fast_enough", "in_sync")
BASE: dict[str, Form] = {"en": BaseEn, "zh": BaseZh}
RESTORE_CHECKLIST = ("loss_is_known", "interruption_is_known")
BASE_CHECKLIST = ("change_is_known", "interruption_is_known")


def form_with(text: str, form: Form) -> Form:
    """The form with `text` above its first field.

    The place that Prefect's UI has for such a text, above the form, shrinks to nothing in a window
    of ordinary height.
    """
    shown = Field(title=form.model_fields["decision"].title, description=text)
    return create_model(form.__name__, __base__=form, decision=(Decision, shown))
