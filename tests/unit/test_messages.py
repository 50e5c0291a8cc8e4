"""R28, R29, R31: the product managers' own texts, letter by letter, and the same fields in both
languages."""

from __future__ import annotations

from datetime import UTC, datetime
from string import Formatter
from typing import Any

import pytest

from tidegate.facts import Message
from tidegate.pages.messages import MOST_CHANGES, Speaker, What, release_record
from tidegate.pages.texts import TEXTS
from tidegate.stack.environments import Place

AT = datetime(2024, 1, 30, 6, 0, tzinfo=UTC)
PLACES = {
    "prod": Place("prod", "production"),
    "staging": Place("staging", "staging", is_loud=False),
}
ZH_SPEAKER = Speaker("zh", "CloudLens", "Asia/Tokyo", PLACES)


def text(message: Message) -> str:
    return f"{message.title}\n{message.body}"


def everything(speaker: Speaker, environment: str = "prod") -> list[Message]:
    return [
        speaker.released("v1.1.0", environment, ["a"], AT, requested_by="mei", approved_by=None),
        speaker.rolled_back("v1.0.0", environment, "why", AT),
        speaker.adopted("v1.0.0", environment, AT),
        speaker.staging_ready(
            "v1.1.0", "staging", url="http://staging.localhost", run="http://ui/1", before=AT
        ),
        speaker.failed("v1.1.0", environment, "why", what="release", serves=True),
        speaker.rejected("v1.1.0", environment, "why", what="release", by="Josh"),
        speaker.refused("v1.1.0", environment, "why", what="release", requested_by="mei"),
        speaker.needs_person("v1.1.0", environment, "why"),
        speaker.approval_expired("v1.1.0", environment),
        speaker.degraded("v1.1.0", environment, "why", "yellow"),
    ]


def test_the_release_message_is_the_product_managers_own() -> None:
    message = ZH_SPEAKER.released(
        "sha-19b9b98",
        "prod",
        ["新增账单导出", "修复登录"],
        AT,
        requested_by="mei",
        approved_by="Josh",
    )
    assert text(message).splitlines() == [
        "✅ 生产环境已更新",
        "版本: sha-19b9b98",
        "发布内容: 新增账单导出；修复登录",
        "发布时间: 2024-01-30 15:00",
        "验证状态: 已验证，运行正常",
        "产品: CloudLens sha-19b9b98",
    ]


def test_the_rollback_message_is_the_product_managers_own() -> None:
    message = ZH_SPEAKER.rolled_back("v1.0.0", "prod", "页面加载超过10秒", AT)
    assert text(message).splitlines() == [
        "⚠️ 紧急回滚通知",
        "",
        "生产环境已回滚到上一个稳定版本",
        "回滚原因: 页面加载超过10秒",
        "回滚时间: 2024-01-30 15:00",
        "当前状态: 系统已恢复正常",
        "后续计划: 技术团队将修复问题后重新发布",
        "产品: CloudLens v1.0.0",
    ]


def test_the_request_to_accept_is_the_developers_own_and_says_where() -> None:
    message = ZH_SPEAKER.staging_ready(
        "v1.1.0", "staging", url="http://staging.localhost", run="http://ui/1", before=AT
    )
    assert message.title == "CloudLens v1.1.0 已经部署到测试环境了，麻烦验收一下"
    assert message.body.splitlines()[1:4] == [
        "验收地址: http://staging.localhost",
        "决定页面: http://ui/1",
        "截止时间: 2024-01-30 15:00 (Asia/Tokyo)",
    ]


@pytest.mark.parametrize("language", TEXTS)
def test_where_there_is_no_staging_nobody_is_told_that_something_is_there(language: str) -> None:
    message = Speaker(language, "X", "UTC", PLACES).staging_ready(
        "v1.1.0", "prod", url="", run="http://ui/1", before=AT
    )
    assert "taging" not in text(message)
    assert "测试环境" not in text(message)
    assert "http://ui/1" in message.body


@pytest.mark.parametrize(
    ("language", "old"), [("en", "the old version keeps serving"), ("zh", "旧版本继续提供服务")]
)
def test_an_old_version_serves_only_where_there_was_one(language: str, old: str) -> None:
    speaker = Speaker(language, "X", "UTC", PLACES)
    assert old in speaker.failed("v1", "prod", "why", what="release", serves=True).body
    assert old not in speaker.failed("v1", "prod", "why", what="release", serves=False).body


@pytest.mark.parametrize("language", TEXTS)
def test_what_failed_is_called_by_its_name(language: str) -> None:
    speaker = Speaker(language, "X", "UTC", PLACES)
    whats: tuple[What, ...] = ("release", "rollback", "restore")
    titles = {speaker.failed("v1", "prod", "why", what=what, serves=True).title for what in whats}
    assert len(titles) == len(whats)


@pytest.mark.parametrize(
    ("language", "production"), [("en", "Deployed to production"), ("zh", "Production部署成功")]
)
def test_a_record_names_the_environment_that_it_is_of(language: str, production: str) -> None:
    def record(environment: str) -> str:
        return release_record(
            language,
            title="X",
            version="v1",
            place=PLACES[environment],
            staged=None,
            released_by="mei",
            released_at=AT,
            time_zone="UTC",
            changes=[],
            approved_by=None,
        )

    assert f"- [x] {production}" in record("prod")
    assert "roduction" not in record("staging")


def test_the_release_record_has_the_headings_of_the_template() -> None:
    record = release_record(
        "zh",
        title="CloudLens",
        version="sha-19b9b98",
        place=PLACES["prod"],
        staged=PLACES["staging"],
        released_by="Josh",
        released_at=AT,
        time_zone="Asia/Tokyo",
        changes=["新增账单导出"],
        approved_by="Ann",
    )
    assert (
        record.replace("  \n", "\n")
        == """## 发布记录 - 2024-01-30

**版本**: sha-19b9b98
**环境**: 生产环境
**发布人**: Josh
**发布时间**: 2024-01-30 15:00

**发布内容**:
- 新增账单导出

**验收状态**:
- [x] Staging验收通过
- [x] Production部署成功
- [x] 功能验证正常

**客户反馈**:
- 暂无问题反馈

**备注**:
- 产品: CloudLens
- 验收人: Ann
- 本记录由发布结果自动生成
"""
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_record_says_accepted_only_when_a_person_accepted(language: str) -> None:
    record = release_record(
        language,
        title="X",
        version="v1.1.0",
        place=PLACES["prod"],
        staged=PLACES["staging"],
        released_by="Josh",
        released_at=AT,
        time_zone="UTC",
        changes=[],
        approved_by=None,
    )
    assert record.count("- [ ]") == 1
    assert record.count("- [x]") == 2


def short_record(language: str, **more: Any) -> str:
    return release_record(
        language,
        title="X",
        version="v1",
        place=PLACES["prod"],
        staged=None,
        released_by="Josh",
        released_at=AT,
        time_zone="UTC",
        changes=[],
        approved_by=None,
        **more,
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "beat never runs twice: it did not run for 1.2 s"),
        ("zh", "beat 不能同时运行两份：新旧交接时停了 1.2 秒"),
    ],
)
def test_a_record_tells_how_long_a_scheduler_did_not_run(language: str, said: str) -> None:
    assert said in short_record(language, gaps={"beat": 1.24})


def test_both_languages_have_the_same_keys_with_the_same_fields() -> None:
    def fields(table: dict[str, str]) -> dict[str, set[str | None]]:
        return {
            key: {name for _, name, _, _ in Formatter().parse(value)} - {None}
            for key, value in table.items()
        }

    assert fields(TEXTS["zh"]) == fields(TEXTS["en"])


@pytest.mark.parametrize("language", TEXTS)
def test_every_message_names_the_product_and_the_version_and_leaves_no_field_open(
    language: str,
) -> None:
    for message in everything(Speaker(language, "CloudLens", "UTC", PLACES)):
        assert "CloudLens v1." in text(message)
        assert "{" not in text(message)


def test_the_severity_says_how_soon_a_person_must_look() -> None:
    severities = {message.kind: message.severity for message in everything(ZH_SPEAKER)}
    assert severities == {
        "released": "green",
        "adopted": "green",
        "staging_ready": "green",
        "approval_expired": "green",
        "rolled_back": "yellow",
        "failed": "yellow",
        "needs_person": "red",
        "degraded": "yellow",
        "rejected": "green",
        "refused": "yellow",
    }
    assert {message.severity for message in everything(ZH_SPEAKER, "staging")} == {"green"}


def test_a_reason_of_many_lines_stays_in_its_field() -> None:
    message = ZH_SPEAKER.failed(
        "v1.1.0", "prod", "first\nlast {line}\n" + "x" * 1000, what="release", serves=True
    )
    assert "失败原因: first last {line} xxx" in message.body
    assert len(message.body.splitlines()) == 5
    assert len(message.body) < 700


def test_many_changes_are_counted_and_none_are_said_to_be_none() -> None:
    many = ZH_SPEAKER.released(
        "v1.1.0",
        "prod",
        [f"change {n}" for n in range(MOST_CHANGES + 5)],
        AT,
        requested_by="mei",
        approved_by=None,
    )
    assert f"change {MOST_CHANGES - 1}；等共 {MOST_CHANGES + 5} 项" in many.body
    assert (
        "发布内容: 没有新的代码变更"
        in ZH_SPEAKER.released("v1.1.0", "prod", [], AT, requested_by="", approved_by=None).body
    )
